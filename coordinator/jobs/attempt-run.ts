import type { SlotPlace, SubtaskKey, TaskReport, TaskState } from '../../shared/control/messages.ts';
import type { AttemptNumber, TaskManagerId, VertexId } from '../../shared/ids.ts';
import type { JobSpec } from './job-spec.ts';

/**
 * One deployment of a job, as its task managers report it.
 *
 * I1  A subtask's state only goes forward (initializing → ready → running → a final state); a report that would take it
 *     back, or that comes from a task manager that does not run it, changes nothing.
 * I2  `live` are the task managers on which something of the attempt may still run: those that got the Deploy, have not
 *     reported the attempt's end, and are not lost.
 */
export interface AttemptRun {
  readonly number: AttemptNumber;
  /** By slot number. */
  readonly places: readonly SlotPlace[];
  readonly tasks: ReadonlyMap<VertexId, readonly TaskState[]>;
  readonly counts: Readonly<Record<TaskState, number>>;
  readonly subtasks: number;
  readonly live: ReadonlySet<TaskManagerId>;
}

const RANK: Readonly<Record<TaskState, number>> = {
  initializing: 0,
  ready: 1,
  running: 2,
  finished: 3,
  failed: 3,
  cancelled: 3,
};

export function beginRun(spec: JobSpec, number: AttemptNumber, places: readonly SlotPlace[]): AttemptRun {
  const subtasks = spec.vertices.reduce((sum, vertex) => sum + vertex.parallelism, 0);
  return {
    number,
    places,
    tasks: new Map(
      spec.vertices.map(({ id, parallelism }) => [
        id,
        Array.from({ length: parallelism }, (): TaskState => 'initializing'),
      ]),
    ),
    counts: { initializing: subtasks, ready: 0, running: 0, finished: 0, failed: 0, cancelled: 0 },
    subtasks,
    live: new Set(places.map((place) => place.taskManager)),
  };
}

/** The run after the report; undefined when the report changes nothing (I1). */
export function withReport(
  run: AttemptRun,
  spec: JobSpec,
  from: TaskManagerId,
  report: TaskReport,
): AttemptRun | undefined {
  const states = run.tasks.get(report.vertex);
  const before = states?.[report.subtask];
  if (states === undefined || before === undefined || placeOf(run, spec, report)?.taskManager !== from) {
    return undefined;
  }
  if (RANK[report.state] <= RANK[before]) {
    return undefined;
  }
  const changed = [...states];
  changed[report.subtask] = report.state;
  const counts = { ...run.counts };
  counts[before] -= 1;
  counts[report.state] += 1;
  return { ...run, tasks: new Map(run.tasks).set(report.vertex, changed), counts };
}

/** Nothing of the attempt runs there any more. The same run when that was known. */
export function withoutTaskManager(run: AttemptRun, id: TaskManagerId): AttemptRun {
  if (!run.live.has(id)) {
    return run;
  }
  const live = new Set(run.live);
  live.delete(id);
  return { ...run, live };
}

export function placeOf(run: AttemptRun, spec: JobSpec, { vertex, subtask }: SubtaskKey): SlotPlace | undefined {
  const found = spec.vertices.find(({ id }) => id === vertex);
  return found === undefined || subtask >= found.parallelism ? undefined : run.places[found.firstSlot + subtask];
}

export function areAllReady(run: AttemptRun): boolean {
  return run.counts.ready === run.subtasks;
}

export function areAllFinished(run: AttemptRun): boolean {
  return run.counts.finished === run.subtasks;
}

/** True when every subtask that runs on the task manager has finished. */
export function areFinishedOn(run: AttemptRun, spec: JobSpec, id: TaskManagerId): boolean {
  return spec.vertices.every(({ id: vertex, firstSlot }) => {
    const states = run.tasks.get(vertex) ?? [];
    return states.every((state, i) => state === 'finished' || run.places[firstSlot + i]?.taskManager !== id);
  });
}

/** For messages: the first subtask that is not in the state, as `raw[2] on tm-1`. */
export function nameFirstNotIn(run: AttemptRun, spec: JobSpec, state: TaskState): string {
  for (const { id, firstSlot } of spec.vertices) {
    const index = run.tasks.get(id)?.findIndex((other) => other !== state) ?? -1;
    if (index >= 0) {
      return `${id}[${index}] on ${run.places[firstSlot + index]?.taskManager ?? 'no task manager'}`;
    }
  }
  return 'none';
}
