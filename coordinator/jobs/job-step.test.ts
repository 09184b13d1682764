import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TaskState } from '../../shared/control/messages.ts';
import type { Reaction } from '../../shared/failure/failure.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseSplitId,
  parseSubtaskIndex,
  parseVertexId,
} from '../../shared/ids.ts';
import type { KernelEvent } from '../kernel/kernel-events.ts';
import { KernelDriver, SINK as sink, specOf } from '../kernel/kernel-testing.ts';
import { hasEnded } from './job.ts';

/**
 * Events of every kind about one job, true and false, in any order: what a broken, late or malicious task manager could
 * say. Whatever comes, the promises of kernel-invariants-testing.ts hold (the driver checks them at every step).
 */
const STATES: readonly TaskState[] = ['initializing', 'ready', 'running', 'finished', 'failed', 'cancelled'];
const REACTIONS: readonly Reaction[] = ['retry', 'restart-job', 'fail-job', 'stop-quietly'];
const vertex = parseVertexId('v');
const jobId = parseJobId('j');

interface Command {
  readonly run: (kernel: KernelDriver) => void;
  /** How a counterexample shows it. */
  readonly [fc.toStringMethod]: () => string;
}

function named(name: string, run: Command['run']): Command {
  return { run, [fc.toStringMethod]: () => name };
}

/** `age`: how many attempts ago; −1 is one that does not exist yet. */
const anyEvent = fc.record({
  kind: fc.constantFrom(
    'report',
    'request',
    'failed',
    'ended',
    'discovered',
    'undiscovered',
    'committed',
    'uncommitted',
    'acknowledged',
    'declined',
    'written',
    'abandoned',
    'unabandoned',
    'recorded',
    'copied',
  ),
  connection: fc.integer({ min: 1, max: 4 }),
  age: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: -1, max: 2 }) }),
  subtask: fc.integer({ min: 0, max: 2 }),
  state: fc.constantFrom(...STATES),
  reaction: fc.oneof({ weight: 5, arbitrary: fc.constant<Reaction>('restart-job') }, fc.constantFrom(...REACTIONS)),
  tries: fc.integer({ min: 1, max: 3 }),
});

const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: anyEvent.map(say) },
  // What is true is rare among what is possible: without these no run would get far.
  { weight: 6, arbitrary: fc.constantFrom<TaskState>('ready', 'ready', 'finished', 'failed').map(everyoneSays) },
  { weight: 4, arbitrary: fc.constant(named('everyone ends', everyoneEnds)) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }).map(joins) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map(leaves) },
  { weight: 4, arbitrary: fc.constantFrom(100, 1_000, 31_000).map(passes) },
  { weight: 1, arbitrary: fc.constant(named('cancel', (kernel) => kernel.apply({ kind: 'cancel', jobId }))) },
  { weight: 4, arbitrary: fc.constant(named('everyone acknowledges', everyoneAcknowledges)) },
  { weight: 2, arbitrary: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()).map(answers) },
  { weight: 2, arbitrary: fc.constant(named('what waited is answered', answerAll)) },
  { weight: 1, arbitrary: fc.constantFrom('go-on' as const, 'stop' as const).map(savepoint) },
  { weight: 2, arbitrary: fc.boolean().map(redeployment) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }).map(drains) },
  { weight: 1, arbitrary: fc.constant(named('submit', (kernel) => kernel.submit(specOf('j')))) },
);

test('no event, in no order, breaks a promise; and what ends stays ended', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(fc.array(command, { minLength: 20, maxLength: 80 }), (commands) => {
      const kernel = new KernelDriver();
      kernel.submit(specOf('j', { source: { assignment: 'on-request', discoveryIntervalMs: 1_000 } }));
      kernel.join(1);
      for (const { run } of commands) {
        const before = kernel.state.jobs.get(jobId);
        run(kernel);
        const after = kernel.state.jobs.get(jobId);
        reached.add(after?.kind ?? 'forgotten');
        if (before !== undefined && hasEnded(before) && after?.spec === before.spec) {
          // Only a savepoint of it may still be on its way to where it was asked for.
          expect({ ...after, checkpoints: 0 }).toStrictEqual({ ...before, checkpoints: 0 });
        }
      }
    }),
    { numRuns: 2_000 },
  );

  expect([...reached].sort()).toStrictEqual([
    'cancelled',
    'cancelling',
    'deploying',
    'failed',
    'failing',
    'finished',
    'finishing',
    'restarting',
    'running',
    'waiting-for-slots',
  ]);
});

function say(event: typeof anyEvent extends fc.Arbitrary<infer T> ? T : never): Command {
  return named(`say ${JSON.stringify(event)}`, (kernel) => {
    const attempt = parseAttemptNumber(Math.max(1, kernel.key('j').attempt - event.age));
    const connection = kernel.connectionOf(event.connection);
    const subtask = parseSubtaskIndex(event.subtask);
    const checkpoint = parseCheckpointId(BigInt(event.tries));
    const record = { operator: sink, fingerprint: `f${event.subtask}`, error: 'E', hasQuarantine: event.tries > 1 };
    const failure = { code: 'any', reaction: event.reaction, message: 'any', record };
    kernel.apply(eventOf());

    function eventOf(): KernelEvent {
      switch (event.kind) {
        case 'report': {
          const more = event.state === 'failed' ? { failure } : {};
          const report = { jobId, attempt, vertex, subtask, state: event.state, metrics: [], ...more };
          return { kind: 'task-report', connection, report };
        }
        case 'request':
          return { kind: 'split-request', connection, jobId, attempt, vertex, subtask };
        case 'failed':
          return { kind: 'attempt-failed', connection, jobId, attempt, failure };
        case 'ended':
          return { kind: 'attempt-ended', connection, jobId, attempt };
        case 'discovered': {
          const splits = [{ id: parseSplitId(`s${event.tries}`), position: `at ${event.tries}` }];
          return { kind: 'discovered', jobId, vertex, discovery: { splits, isComplete: event.tries === 3 } };
        }
        case 'undiscovered':
          return { kind: 'discovery-failed', jobId, vertex, failure };
        case 'committed':
          return { kind: 'committed', jobId, checkpoint, sink, tries: event.tries };
        case 'uncommitted':
          return { kind: 'commit-failed', jobId, checkpoint, sink, tries: event.tries, failure };
        case 'acknowledged':
          return { kind: 'acknowledge-checkpoint', connection, jobId, attempt, ack: { checkpoint, subtasks: [] } };
        case 'declined': {
          const declined = { checkpoint, subtask: { vertex, subtask }, cause: 'failed', detail: 'any' } as const;
          return { kind: 'decline-checkpoint', connection, jobId, attempt, ...declined };
        }
        case 'written': {
          // Only what is really asked for may be answered with `done`: stores do not invent that something is durable.
          const answer = { kind: 'object-answered', checkpoint, answer: { kind: 'ambiguous' } } as const;
          return { kind: 'checkpoint-written', jobId, attempt, answer };
        }
        case 'abandoned':
          return { kind: 'abandoned', jobId, attempt, sink, tries: event.tries };
        case 'unabandoned':
          return { kind: 'abandon-failed', jobId, attempt, sink, tries: event.tries, failure };
        case 'recorded':
          return { kind: 'attempt-recorded', jobId, attempt: parseAttemptNumber(99), revision: 1n };
        default:
          return { kind: 'savepoint-copied', jobId, checkpoint, directory: 'd', failure: undefined };
      }
    }
  });
}

function everyoneSays(state: TaskState): Command {
  return named(`everyone says ${state}`, (kernel) => {
    kernel.reportAll('j', state);
  });
}

function everyoneEnds(kernel: KernelDriver): void {
  [1, 2, 3, 4].forEach((number) => {
    kernel.end('j', number);
  });
}

function everyoneAcknowledges(kernel: KernelDriver): void {
  const trigger = kernel.messages('trigger-checkpoint').at(-1);
  if (trigger?.attempt === kernel.key('j').attempt) {
    const { checkpoint } = trigger;
    const committables = [{ committable: `${checkpoint}`, preparedFor: checkpoint, ageMs: 0, timeoutMs: 600_000 }];
    kernel.acknowledge('j', checkpoint, { committables });
  }
}

function answers([writes, abandons, commits]: readonly [boolean, boolean, boolean]): Command {
  return named(`answers ${writes} ${abandons} ${commits}`, (kernel) => {
    kernel.answers = { writes, abandons, commits };
  });
}

/** Once each: a store may answer late, and in any order of keys, but not twice. */
function answerAll(kernel: KernelDriver): void {
  kernel.answerUnanswered();
}

function savepoint(mode: 'go-on' | 'stop'): Command {
  return named(`savepoint ${mode}`, (kernel) => {
    kernel.apply({ kind: 'savepoint', jobId, request: 1, directory: 'd', mode });
  });
}

/** Vertex `v` keeps its two subtasks, so that what is said of them is of the new attempt too. */
function redeployment(isOther: boolean): Command {
  return named(`redeploy ${isOther}`, (kernel) => {
    const { spec } = kernel.job('j');
    kernel.redeploy('j', isOther ? { ...spec, fingerprint: `${spec.fingerprint}+` } : undefined);
  });
}

function drains(number: number): Command {
  return named(`drain ${number}`, (kernel) => {
    kernel.apply({ kind: 'draining', connection: kernel.connectionOf(number) });
  });
}

function joins(number: number): Command {
  return named(`join ${number}`, (kernel) => {
    kernel.join(number);
  });
}

function leaves(number: number): Command {
  return named(`leave ${number}`, (kernel) => {
    kernel.leave(number);
  });
}

function passes(ms: number): Command {
  return named(`tick ${ms}`, (kernel) => {
    kernel.tick(ms);
  });
}
