import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attemptName } from '../../shared/control/messages.ts';
import type { AttemptKey, Deployment, FromCoordinator } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import {
  parseAttemptNumber,
  parseJobId,
  parseLeaderEpoch,
  parseSlotIndex,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../../shared/ids.ts';
import type { AttemptEffect, AttemptEvent } from './attempt-events.ts';
import { liveKeys, noAttempts } from './attempts.ts';
import { attemptsStep } from './attempts-step.ts';

const self = parseTaskManagerId('tm-a');
const failure: Failure = { code: 'x', reaction: 'restart-job', message: 'x' };

describe('a deployment', () => {
  test('is prepared, started in a thread for each local slot, and ended when the last thread has ended', () => {
    const world = new World();

    expect(kinds(world.take(command(deploy('j', 1, [0, 1]))))).toStrictEqual(['prepare']);
    expect(kinds(world.take(prepared('j', 1)))).toStrictEqual(['start-thread', 'start-thread']);
    expect(world.take(threadEnded('j', 1, 0))).toStrictEqual([]);
    expect(kinds(world.take(threadEnded('j', 1, 1)))).toStrictEqual(['close-exchange', 'attempt-ended']);
    expect(world.live).toStrictEqual([]);
  });

  test('runs nothing that is another task manager’s', () => {
    const world = new World();

    world.take(command(deploy('j', 1, [0], 5)));

    expect(kinds(world.take(prepared('j', 1)))).toStrictEqual(['start-thread']);
  });

  test('is not done twice, and an older attempt of its job not at all', () => {
    const world = new World();
    world.take(command(deploy('j', 2, [0])));

    expect(world.take(command(deploy('j', 2, [0])))).toStrictEqual([]);
    expect(world.take(command(deploy('j', 1, [1])))).toStrictEqual([]);
    world.end('j', 2, [0]);
    expect(world.take(command(deploy('j', 2, [0])))).toStrictEqual([]);
  });

  test('waits until the older attempt in its places has ended', () => {
    const world = new World();
    world.run('other', 1, [0]);

    expect(world.take(command(deploy('j', 1, [0])))).toStrictEqual([]);
    expect(kinds(world.take(command(deploy('k', 1, [1]))))).toStrictEqual(['prepare']);
    world.take(command({ kind: 'cancel', ...key('other', 1) }));
    expect(kinds(world.take(threadEnded('other', 1, 0)))).toStrictEqual(['close-exchange', 'attempt-ended', 'prepare']);
  });

  test('of a newer attempt cancels the older one of the same job', () => {
    const world = new World();
    world.run('j', 1, [0]);

    expect(kinds(world.take(command(deploy('j', 2, [0]))))).toStrictEqual(['post cancel', 'set-deadline']);
    expect(kinds(world.take(threadEnded('j', 1, 0)))).toStrictEqual(['close-exchange', 'attempt-ended', 'prepare']);
  });

  test('that cannot be prepared fails the attempt', () => {
    const world = new World();
    world.take(command(deploy('j', 1, [0])));

    const effects = world.take({ kind: 'preparation-failed', key: key('j', 1), failure });

    expect(kinds(effects)).toStrictEqual(['attempt-failed', 'close-exchange', 'attempt-ended']);
  });

  test('to a slot that does not exist is refused', () => {
    const world = new World();

    expect(kinds(world.take(command(deploy('j', 1, [7]))))).toStrictEqual(['attempt-failed', 'attempt-ended']);
    expect(world.live).toStrictEqual([]);
  });
});

describe('commands', () => {
  test('that come before the threads reach them in order', () => {
    const world = new World();
    world.take(command(deploy('j', 1, [0])));
    world.take(command({ kind: 'start', ...key('j', 1) }));
    world.take(command(assign('j', 1)));

    expect(kinds(world.take(prepared('j', 1)))).toStrictEqual(['start-thread', 'post start', 'post assign-splits']);
  });

  test('of a leader that was replaced change nothing', () => {
    const world = new World();
    world.run('j', 1, [0], 5n);

    expect(kinds(world.take(command({ kind: 'cancel', ...key('j', 1) }, 4n)))).toStrictEqual(['refuse-leader']);
    expect(world.live).toHaveLength(1);
  });

  test('a cancel of what is not here is answered, and the deployment that it overtook does nothing', () => {
    const world = new World();

    expect(kinds(world.take(command({ kind: 'cancel', ...key('j', 3) })))).toStrictEqual(['attempt-ended']);
    expect(world.take(command(deploy('j', 3, [0])))).toStrictEqual([]);
  });

  test('of a newer leader begin a job anew, also with an attempt number that an earlier leader used', () => {
    const world = new World();
    world.run('j', 1, [0], 1n);
    world.take(command(registeredWith([key('j', 1)]), 2n));
    world.take(threadEnded('j', 1, 0));

    expect(world.live).toHaveLength(0);
    expect(kinds(world.take(command(deploy('j', 1, [0]), 2n)))).toStrictEqual(['prepare']);
    expect(world.take(command(deploy('j', 1, [0]), 2n))).toStrictEqual([]);
  });

  test('a registration cancels what is not current', () => {
    const world = new World();
    world.run('j', 1, [0]);
    world.run('k', 1, [1]);

    expect(kinds(world.take(command(registeredWith([key('j', 1)]))))).toStrictEqual(['post cancel', 'set-deadline']);
  });
});

describe('a cancel', () => {
  test('while preparing stops that, and the attempt ends without a thread', () => {
    const world = new World();
    world.take(command(deploy('j', 1, [0])));

    expect(kinds(world.take(command({ kind: 'cancel', ...key('j', 1) })))).toStrictEqual(['stop-preparing']);
    expect(kinds(world.take(prepared('j', 1)))).toStrictEqual(['close-exchange', 'attempt-ended']);
  });

  test('that threads do not obey ends them from outside', () => {
    const world = new World();
    world.run('j', 1, [0, 1]);
    world.take(command({ kind: 'cancel', ...key('j', 1) }));
    world.take(threadEnded('j', 1, 0));

    expect(world.take({ kind: 'cancel-overdue', key: key('j', 1) })).toStrictEqual([
      { kind: 'terminate', key: key('j', 1), slot: 1 },
    ]);
    expect(kinds(world.take(threadEnded('j', 1, 1, failure)))).toStrictEqual(['close-exchange', 'attempt-ended']);
    expect(world.take({ kind: 'cancel-overdue', key: key('j', 1) })).toStrictEqual([]);
  });
});

describe('a thread that crashes', () => {
  test('fails the attempt at once, and the attempt ends with its last thread', () => {
    const world = new World();
    world.run('j', 1, [0, 1]);

    expect(kinds(world.take(threadEnded('j', 1, 0, failure)))).toStrictEqual(['attempt-failed']);
    world.take(command({ kind: 'cancel', ...key('j', 1) }));
    expect(kinds(world.take(threadEnded('j', 1, 1)))).toStrictEqual(['close-exchange', 'attempt-ended']);
  });
});

test('whatever happens, a place has one holder, and each attempt ends once, with no thread alive', () => {
  fc.assert(
    fc.property(fc.array(anyEvent(), { minLength: 40, maxLength: 200 }), (events) => {
      const world = new World();
      for (const event of events) {
        world.take(event);
      }
    }),
    { numRuns: 2_000 },
  );
});

/** Keeps the state, and checks the invariants at every step. */
class World {
  #attempts = noAttempts(self, 4);
  readonly #threads = new Map<string, Set<number>>();
  readonly #held = new Map<string, readonly number[]>();
  readonly #ended = new Set<string>();

  get live(): readonly AttemptKey[] {
    return liveKeys(this.#attempts);
  }

  take(event: AttemptEvent): readonly AttemptEffect[] {
    if (event.kind === 'thread-ended') {
      this.#threads.get(attemptName(event.key))?.delete(event.slot);
    }
    const { attempts, effects } = attemptsStep(this.#attempts, event);
    this.#attempts = attempts;
    for (const effect of effects) {
      this.#check(effect);
    }
    return effects;
  }

  run(job: string, attempt: number, indices: readonly number[], epoch = 1n): void {
    this.take(command(deploy(job, attempt, indices), epoch));
    this.take(prepared(job, attempt));
  }

  end(job: string, attempt: number, slots: readonly number[]): void {
    this.take(prepared(job, attempt));
    for (const slot of slots) {
      this.take(threadEnded(job, attempt, slot));
    }
  }

  #check(effect: AttemptEffect): void {
    if (effect.kind === 'prepare') {
      const name = attemptName(effect.deployment);
      const places = effect.deployment.slots.map(({ slotIndex }) => slotIndex);
      const taken = [...this.#held.values()].flat();
      expect(places.some((place) => taken.includes(place))).toBe(false);
      this.#held.set(name, places);
    }
    if (effect.kind === 'start-thread') {
      const name = attemptName(effect.deployment);
      this.#threads.set(name, (this.#threads.get(name) ?? new Set()).add(effect.slot));
    }
    if (effect.kind === 'post') {
      expect(this.#threads.get(attemptName(effect.key))?.has(effect.slot)).toBe(true);
    }
    if (
      effect.kind === 'send' &&
      effect.message.kind === 'attempt-ended' &&
      this.#held.has(attemptName(effect.message))
    ) {
      const name = attemptName(effect.message);
      expect(this.#threads.get(name)?.size ?? 0).toBe(0);
      expect(this.#ended.has(name)).toBe(false);
      this.#ended.add(name);
      this.#held.delete(name);
    }
  }
}

function anyEvent(): fc.Arbitrary<AttemptEvent> {
  const job = fc.constantFrom('j', 'k');
  const attempt = fc.integer({ min: 1, max: 4 });
  const slot = fc.integer({ min: 0, max: 1 });
  const indices = fc.constantFrom([0], [1], [0, 1], [2, 3], [3]);
  return fc.oneof(
    fc.tuple(job, attempt, indices).map(([j, a, i]) => command(deploy(j, a, i))),
    fc.tuple(job, attempt).map(([j, a]) => prepared(j, a)),
    fc.tuple(job, attempt).map(([j, a]): AttemptEvent => ({ kind: 'preparation-failed', key: key(j, a), failure })),
    fc.tuple(job, attempt).map(([j, a]) => command({ kind: 'cancel', ...key(j, a) })),
    fc.tuple(job, attempt).map(([j, a]) => command({ kind: 'start', ...key(j, a) })),
    fc.tuple(job, attempt).map(([j, a]) => command(assign(j, a))),
    fc.tuple(job, attempt, slot).map(([j, a, s]) => threadEnded(j, a, s)),
    fc.tuple(job, attempt, slot).map(([j, a, s]) => threadEnded(j, a, s, failure)),
    fc.tuple(job, attempt).map(([j, a]): AttemptEvent => ({ kind: 'cancel-overdue', key: key(j, a) })),
    fc.constant<AttemptEvent>({ kind: 'abandon' }),
  );
}

function kinds(effects: readonly AttemptEffect[]): readonly string[] {
  return effects.map((effect) => {
    if (effect.kind === 'send') {
      return effect.message.kind;
    }
    return effect.kind === 'post' ? `post ${effect.command.kind}` : effect.kind;
  });
}

function key(job: string, attempt: number): AttemptKey {
  return { jobId: parseJobId(job), attempt: parseAttemptNumber(attempt) };
}

function command(message: FromCoordinator, epoch = 1n): AttemptEvent {
  return { kind: 'command', leaderEpoch: parseLeaderEpoch(epoch), message };
}

function registeredWith(cancel: readonly AttemptKey[]): FromCoordinator {
  return { kind: 'registered', heartbeatIntervalMs: 1, heartbeatTimeoutMs: 8, cancel };
}

function deploy(job: string, attempt: number, indices: readonly number[], foreign?: number): FromCoordinator {
  const place = (slot: number, index: number, taskManager = self): Deployment['slots'][number] => ({
    slot,
    taskManager,
    slotIndex: parseSlotIndex(index),
    dataAddress: '127.0.0.1:1',
  });
  const own = indices.map((index, slot) => place(slot, index));
  return {
    kind: 'deploy',
    deployment: {
      ...key(job, attempt),
      module: { kind: 'path', path: 'job.ts' },
      args: {},
      defaultParallelism: 1,
      maxParallelism: 8,
      fingerprint: 'f',
      slots: foreign === undefined ? own : [...own, place(own.length, foreign, parseTaskManagerId('tm-b'))],
    },
  };
}

function assign(job: string, attempt: number): FromCoordinator {
  return {
    kind: 'assign-splits',
    ...key(job, attempt),
    vertex: parseVertexId('v'),
    subtask: parseSubtaskIndex(0),
    assignment: 1,
    splits: [],
    noMore: true,
  };
}

function prepared(job: string, attempt: number): AttemptEvent {
  return { kind: 'prepared', key: key(job, attempt), modulePath: 'job.ts' };
}

function threadEnded(job: string, attempt: number, slot: number, why?: Failure): AttemptEvent {
  return { kind: 'thread-ended', key: key(job, attempt), slot, failure: why };
}
