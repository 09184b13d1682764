import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attemptName } from '../../shared/control/messages.ts';
import type { Acknowledgement, OperatorSnapshot } from '../../shared/control/acknowledgement.ts';
import type {
  AttemptKey,
  AttemptReport,
  Deployment,
  FromCoordinator,
  TaskState,
} from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseLeaderEpoch,
  parseOperatorUid,
  parseSlotIndex,
  parseSplitId,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../../shared/ids.ts';
import type { SlotReport } from '../slots/slot-messages.ts';
import type { AttemptEffect, AttemptEvent } from './attempt-events.ts';
import { describeAttempts, liveKeys, noAttempts } from './attempts.ts';
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
  now = 0;
  readonly #threads = new Map<string, Set<number>>();
  readonly #held = new Map<string, readonly number[]>();
  readonly #ended = new Set<string>();

  get described(): readonly AttemptReport[] {
    return describeAttempts(this.#attempts);
  }

  get live(): readonly AttemptKey[] {
    return liveKeys(this.#attempts);
  }

  take(event: AttemptEvent): readonly AttemptEffect[] {
    if (event.kind === 'thread-ended') {
      this.#threads.get(attemptName(event.key))?.delete(event.slot);
    }
    const { attempts, effects } = attemptsStep(this.#attempts, event, this.now);
    this.#attempts = attempts;
    // At a registration ends are told again.
    const isRegistered = event.kind === 'command' && event.message.kind === 'registered';
    for (const effect of effects) {
      this.#check(effect, isRegistered);
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

  #check(effect: AttemptEffect, mayRepeat: boolean): void {
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
      expect(this.#ended.has(name) && !mayRepeat).toBe(false);
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
    fc.constant<AttemptEvent>({ kind: 'leader-lost' }),
    fc.constant(command(registeredWith([]))),
    fc.tuple(job, attempt, slot).map(([j, a, s]) => task(j, a, s, 'running')),
    fc.tuple(job, attempt, slot).map(([j, a, s]) => snapshot(j, a, s, 1n)),
    fc.tuple(job, attempt).map(([j, a]) => command(announce(j, a, { completed: 1n, issued: 3n, pending: [] }))),
  );
}

/** The only subtask of a slot. */
const inSlot = (slot: number) => ({ vertex: parseVertexId('v'), subtask: parseSubtaskIndex(slot) });

function task(job: string, attempt: number, slot: number, state: TaskState): AttemptEvent {
  const report = { ...key(job, attempt), ...inSlot(slot), state, metrics: [] };
  return { kind: 'slot-report', key: key(job, attempt), slot, report: { kind: 'task-report', report } };
}

function snapshot(job: string, attempt: number, slot: number, checkpoint: bigint, ages: readonly number[] = []) {
  const operators: readonly OperatorSnapshot[] = [
    {
      uid: parseOperatorUid('v'),
      states: [],
      keyed: { kind: 'whole', segments: [] },
      lists: [],
      splits: [],
      committables: ages.map((ageMs, i) => ({
        committable: `c${i}`,
        preparedFor: parseCheckpointId(checkpoint),
        ageMs,
        timeoutMs: undefined,
      })),
      isFinished: false,
      watermarkMs: undefined,
    },
  ];
  return slotReport(job, attempt, slot, {
    kind: 'subtask-snapshot',
    checkpoint: parseCheckpointId(checkpoint),
    snapshot: { ...inSlot(slot), operators },
  });
}

function slotReport(job: string, attempt: number, slot: number, report: SlotReport): AttemptEvent {
  return { kind: 'slot-report', key: key(job, attempt), slot, report };
}

function announce(
  job: string,
  attempt: number,
  ids: { readonly completed: bigint; readonly issued: bigint; readonly pending: readonly bigint[] },
): FromCoordinator {
  return {
    kind: 'announce-checkpoints',
    ...key(job, attempt),
    completed: parseCheckpointId(ids.completed),
    issued: parseCheckpointId(ids.issued),
    pending: ids.pending.map(parseCheckpointId),
  };
}

function acks(effects: readonly AttemptEffect[]): readonly Acknowledgement[] {
  return effects.flatMap((effect) =>
    effect.kind === 'send' && effect.message.kind === 'acknowledge-checkpoint' ? [effect.message.ack] : [],
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

describe('an acknowledgement', () => {
  test('is one for all subtasks, when the last of them has made its snapshot', () => {
    const world = runningWithTasks();

    const first = acks(world.take(snapshot('j', 1, 0, 1n)));
    const second = acks(world.take(snapshot('j', 1, 1, 1n)));

    expect(first).toStrictEqual([]);
    expect(second.map(({ checkpoint, subtasks }) => [checkpoint, subtasks.length])).toStrictEqual([[1n, 2]]);
  });

  test('does not wait for a subtask that has finished', () => {
    const world = runningWithTasks();
    world.take(task('j', 1, 0, 'finished'));

    expect(acks(world.take(snapshot('j', 1, 1, 1n)))).toHaveLength(1);
  });

  test('leaves when the only subtask it waited for finishes', () => {
    const world = runningWithTasks();
    world.take(snapshot('j', 1, 1, 1n));

    expect(acks(world.take(task('j', 1, 0, 'finished')))).toHaveLength(1);
  });

  test('is kept while no coordinator is there, told after the announcement, and older by then', () => {
    const world = runningWithTasks();
    expect(kinds(world.take({ kind: 'leader-lost' }))).toStrictEqual(['post leader-lost', 'post leader-lost']);
    world.take(snapshot('j', 1, 0, 2n));
    world.now = 100;
    const whileLost = acks(world.take(snapshot('j', 1, 1, 2n, [30])));
    world.now = 1_100;
    const registered = acks(world.take(command(registeredWith([]), 2n)));
    const announced = acks(world.take(command(announce('j', 1, { completed: 1n, issued: 2n, pending: [2n] }), 2n)));

    expect([whileLost, registered]).toStrictEqual([[], []]);
    expect(announced.map(({ checkpoint }) => checkpoint)).toStrictEqual([2n]);
    expect(announced[0]?.subtasks.flatMap(({ operators }) => operators[0]?.committables)[0]?.ageMs).toBe(1_030);
  });

  test('that has left is told again after an announcement, since its connection may have lost it', () => {
    const world = runningWithTasks();
    world.take(snapshot('j', 1, 0, 2n));
    world.take(snapshot('j', 1, 1, 2n));
    world.take({ kind: 'leader-lost' });

    const again = acks(world.take(command(announce('j', 1, { completed: 1n, issued: 2n, pending: [2n] }))));

    expect(again.map(({ checkpoint }) => checkpoint)).toStrictEqual([2n]);
  });

  test('of a checkpoint that is aborted, announced as aborted or complete is not told', () => {
    const world = runningWithTasks();
    for (const id of [1n, 2n, 3n]) {
      world.take(snapshot('j', 1, 0, id));
    }
    world.take(command({ kind: 'checkpoint-aborted', ...key('j', 1), checkpoint: parseCheckpointId(3n) }));
    world.take({ kind: 'leader-lost' });
    for (const id of [1n, 2n, 3n]) {
      world.take(snapshot('j', 1, 1, id));
    }

    expect(acks(world.take(command(announce('j', 1, { completed: 1n, issued: 3n, pending: [] }))))).toStrictEqual([]);
  });

  test('words about checkpoints reach the slots, and those of other attempts nobody', () => {
    const world = runningWithTasks();
    const completed = (attempt: number): FromCoordinator => ({
      kind: 'checkpoint-completed',
      ...key('j', attempt),
      checkpoint: parseCheckpointId(1n),
    });

    expect(kinds(world.take(command(completed(1))))).toStrictEqual([
      'post checkpoint-completed',
      'post checkpoint-completed',
    ]);
    expect(world.take(command(completed(2)))).toStrictEqual([]);
  });

  test('a decline, a wish and the stages of a slot go on; whose snapshots are here is done', () => {
    const world = runningWithTasks();
    const checkpoint = parseCheckpointId(4n);
    world.take(snapshot('j', 1, 0, 4n));

    const effects = [
      slotReport('j', 1, 1, { kind: 'subtask-declined', checkpoint, subtask: inSlot(1), cause: 'failed', detail: 'd' }),
      slotReport('j', 1, 1, { kind: 'checkpoint-wanted' }),
      slotReport('j', 1, 1, {
        kind: 'checkpoint-stages',
        stages: [{ checkpoint, subtask: inSlot(1), stage: { kind: 'writing-state' } }],
      }),
    ].flatMap((event) => world.take(event));

    expect(kinds(effects)).toStrictEqual(['decline-checkpoint', 'checkpoint-wanted', 'checkpoint-progress']);
    expect(effects.at(-1)).toMatchObject({
      message: {
        stages: [
          { subtask: inSlot(1), stage: { kind: 'writing-state' } },
          { subtask: inSlot(0), stage: { kind: 'done' } },
        ],
      },
    });
  });
});

describe('a registration', () => {
  test('describes what runs: states, splits, the last complete checkpoint, who deployed it', () => {
    const world = runningWithTasks();
    const split = { id: parseSplitId('s'), position: '7' };
    const assignment = { ...key('j', 1), ...inSlot(0), assignment: 2, splits: [split], noMore: false };
    world.take(command({ kind: 'assign-splits', ...assignment }));
    world.take(command({ kind: 'checkpoint-completed', ...key('j', 1), checkpoint: parseCheckpointId(6n) }));

    expect(world.described).toStrictEqual([
      {
        ...key('j', 1),
        phase: 'running',
        fingerprint: 'f',
        module: { kind: 'path', path: 'job.ts' },
        deployedBy: 1n,
        completed: 6n,
        subtasks: [
          { ...inSlot(0), state: 'running', slot: 0, assignment: 2, splits: [{ ...split, isFinished: false }] },
          { ...inSlot(1), state: 'running', slot: 1, assignment: 0, splits: [] },
        ],
      },
    ]);
  });

  test('is followed by what may have been missed of each attempt that goes on', () => {
    const world = runningWithTasks();
    world.take({ kind: 'leader-lost' });
    world.take(task('j', 1, 1, 'finished'));
    world.take(slotReport('j', 1, 0, { kind: 'split-request', ...key('j', 1), ...inSlot(0) }));

    const told = world.take(command(registeredWith([]), 2n));

    expect(kinds(told)).toStrictEqual(['task-report', 'task-report', 'split-request']);
    expect(told[1]).toMatchObject({ message: { report: { ...inSlot(1), state: 'finished' } } });
  });

  test('is followed by the end of what ended meanwhile, with its cause', () => {
    const world = runningWithTasks();
    world.take({ kind: 'leader-lost' });
    world.take(threadEnded('j', 1, 0, failure));
    world.take(threadEnded('j', 1, 1));

    expect(kinds(world.take(command(registeredWith([]))))).toStrictEqual(['attempt-failed', 'attempt-ended']);
  });

  test('says nothing of an attempt that is to be cancelled', () => {
    const world = runningWithTasks();

    expect(kinds(world.take(command(registeredWith([key('j', 1)]))))).toStrictEqual([
      'post cancel',
      'post cancel',
      'set-deadline',
    ]);
  });
});

function runningWithTasks(): World {
  const world = new World();
  world.run('j', 1, [0, 1]);
  world.take(task('j', 1, 0, 'running'));
  world.take(task('j', 1, 1, 'running'));
  return world;
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
      parallelismOverrides: {},
      quarantined: [],
      fingerprint: 'f',
      slots: foreign === undefined ? own : [...own, place(own.length, foreign, parseTaskManagerId('tm-b'))],
      checkpointing: {
        lineage: 'l',
        directory: 'memory',
        restore: undefined,
        clusterId: 'c',
        transactionPool: 4,
      },
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
