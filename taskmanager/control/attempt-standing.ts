import type { SplitSnapshot } from '../../shared/connector/source.ts';
import type {
  Deployment,
  FromTaskManager,
  SplitAssignment,
  SubtaskKey,
  SubtaskStanding,
  TaskReport,
} from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import { nameOf, newestSnapshot, noAcknowledgements } from './held-acknowledgements.ts';
import type { Awaited, HeldAcknowledgements } from './held-acknowledgements.ts';

/**
 * Where an attempt stands here: what a coordinator may have missed while none was connected, and what a new one asks for.
 *
 * S1  Bounded by the attempt's subtasks: of each its newest report, its last split assignment, and whether it waits for a split.
 * S2  What `retold` gives may be told any number of times.
 */
export interface AttemptStanding {
  readonly deployedBy: LeaderEpoch;
  /** By name (`nameOf`). */
  readonly tasks: ReadonlyMap<string, TaskStanding>;
  /** No single subtask is to blame. */
  readonly failure: Failure | undefined;
  readonly acknowledgements: HeldAcknowledgements;
  readonly wantsCheckpoint: boolean;
}

interface TaskStanding {
  readonly key: SubtaskKey;
  readonly report: TaskReport | undefined;
  readonly slot: number;
  readonly assignment: number;
  readonly splits: ReadonlyMap<string, SplitSnapshot>;
  readonly wantsSplit: boolean;
}

export function newStanding({ checkpointing }: Deployment, deployedBy: LeaderEpoch): AttemptStanding {
  return {
    deployedBy,
    tasks: new Map(),
    failure: undefined,
    acknowledgements: noAcknowledgements(checkpointing.restore?.checkpoint),
    wantsCheckpoint: false,
  };
}

export function withReport(standing: AttemptStanding, report: TaskReport, slot: number): AttemptStanding {
  return withTask(standing, report, { report, slot });
}

export function withAssignment(standing: AttemptStanding, assignment: SplitAssignment): AttemptStanding {
  const before = standing.tasks.get(nameOf(assignment));
  if (before !== undefined && assignment.assignment <= before.assignment) {
    return standing;
  }
  const splits = new Map(before?.splits);
  assignment.splits.forEach(({ id, position }) => splits.set(id, { id, position, isFinished: false }));
  return withTask(standing, assignment, { assignment: assignment.assignment, splits, wantsSplit: false });
}

export function withSplitRequest(standing: AttemptStanding, key: SubtaskKey): AttemptStanding {
  return withTask(standing, key, { wantsSplit: true });
}

/** Every subtask that has not finished: those who answer a checkpoint. */
export function awaitedOf({ tasks }: AttemptStanding): Awaited {
  return new Set([...tasks].filter(([, { report }]) => report?.state !== 'finished').map(([name]) => name));
}

/** S2. For a coordinator that has registered this task manager and goes on with the attempt. */
export function retold(standing: AttemptStanding, { jobId, attempt }: Deployment): readonly FromTaskManager[] {
  const key = { jobId, attempt };
  const { tasks, failure, wantsCheckpoint } = standing;
  return [
    ...[...tasks.values()].flatMap(({ report }): FromTaskManager[] =>
      report === undefined ? [] : [{ kind: 'task-report', report }],
    ),
    ...[...tasks.values()].flatMap((task): FromTaskManager[] =>
      task.wantsSplit ? [{ kind: 'split-request', ...key, ...task.key }] : [],
    ),
    ...(failure === undefined ? [] : [{ kind: 'attempt-failed' as const, ...key, failure }]),
    ...(wantsCheckpoint ? [{ kind: 'checkpoint-wanted' as const, ...key }] : []),
  ];
}

export function describeSubtasks({ tasks, acknowledgements }: AttemptStanding): readonly SubtaskStanding[] {
  return [...tasks.values()].map(({ key: { vertex, subtask }, report, slot, assignment, splits }) => {
    const known = new Map(splits);
    for (const operator of newestSnapshot(acknowledgements, { vertex, subtask })) {
      operator.splits.forEach((split) => known.set(split.id, split));
    }
    return { vertex, subtask, state: report?.state ?? 'initializing', slot, assignment, splits: [...known.values()] };
  });
}

function withTask(standing: AttemptStanding, { vertex, subtask }: SubtaskKey, change: Partial<TaskStanding>) {
  const name = nameOf({ vertex, subtask });
  const before = standing.tasks.get(name) ?? {
    key: { vertex, subtask },
    report: undefined,
    slot: 0,
    assignment: 0,
    splits: new Map<string, SplitSnapshot>(),
    wantsSplit: false,
  };
  return { ...standing, tasks: new Map(standing.tasks).set(name, { ...before, ...change }) };
}
