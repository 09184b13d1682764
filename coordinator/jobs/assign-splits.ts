import type { Discovery } from '../../shared/connector/source.ts';
import type { SubtaskKey, SubtaskStanding } from '../../shared/control/messages.ts';
import type { SubtaskMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { VertexId } from '../../shared/ids.ts';
import {
  beginAssignment,
  isWaiting,
  onSplitRequest,
  onSplitsFound,
  repeatOrders,
  resumeAssignment,
} from '../scheduling/split-assignment-step.ts';
import { withFinished } from '../checkpoints/build-metadata.ts';
import type { SplitAssignmentState, SplitOrder } from '../scheduling/split-assignment-step.ts';
import type { JobSend, JobStep } from './job-events.ts';
import { unchangedJob } from './job-events.ts';
import type { RunningJob } from './job.ts';
import { parallelismOfVertex } from './job-spec.ts';
import { storedCheckpoints } from './job-checkpoints.ts';
import { atCheckpoint, UNDISCOVERED, unfinishedSplits } from './source-progress.ts';

/**
 * Every reader of the attempt is ready: begins with what is known of each source, as the checkpoint from which the attempt
 * begins has it, and gives that to the readers.
 */
export function beginAssignments(job: RunningJob): JobStep {
  const assignments = new Map<VertexId, SplitAssignmentState>();
  const sources = new Map(job.sources);
  const send: JobSend[] = [];
  for (const { vertex, assignment: mode } of job.spec.sources) {
    const known = atCheckpoint(job.sources.get(vertex) ?? UNDISCOVERED, restoredSubtasks(job, vertex));
    const parallelism = parallelismOfVertex(job.spec, vertex);
    const { isComplete } = known;
    const step = beginAssignment({ mode, parallelism, splits: unfinishedSplits(known), isComplete });
    assignments.set(vertex, step.state);
    sources.set(vertex, known);
    send.push(...assignmentCommands(job, vertex, step.orders));
  }
  return { ...unchangedJob({ ...job, assignments, sources }), send };
}

/**
 * The attempt goes on under a new leader. What its readers report is what they own; a split that is known and that nobody owns is
 * assigned where it was to be read from.
 */
export function resumeAssignments(job: RunningJob, standings: ReadonlyMap<VertexId, readonly ReaderReport[]>): JobStep {
  const assignments = new Map<VertexId, SplitAssignmentState>();
  const sources = new Map(job.sources);
  const send: JobSend[] = [];
  for (const { vertex, assignment: mode } of job.spec.sources) {
    const readers = standings.get(vertex) ?? [];
    const owned = new Set(readers.flatMap(({ splits }) => splits.map(({ id }) => id)));
    const restored = restoredSubtasks(job, vertex).map(({ splits }) => ({
      splits: splits.filter(({ id }) => !owned.has(id)),
    }));
    const progress = atCheckpoint(job.sources.get(vertex) ?? UNDISCOVERED, restored);
    const known = { ...progress, finished: withFinished(progress.finished, readers) };
    const step = resumeAssignment(
      { mode, splits: unfinishedSplits(known).filter(({ id }) => !owned.has(id)), isComplete: known.isComplete },
      readers.map(({ splits, assignment }) => ({
        splits: splits.filter(({ isFinished }) => !isFinished).length,
        lastAssignment: assignment,
      })),
    );
    assignments.set(vertex, step.state);
    sources.set(vertex, progress);
    send.push(...assignmentCommands(job, vertex, step.orders));
  }
  return { ...unchangedJob({ ...job, assignments, sources }), send };
}

/** What a reader that goes on says of its splits. */
export type ReaderReport = Pick<SubtaskStanding, 'assignment' | 'splits'>;

/** A reader is back: what it was told and has not seen is repeated, and a request that may have been lost counts as made. */
export function onReaderBack(job: RunningJob, reader: SubtaskStanding): JobStep {
  const { vertex, subtask, assignment } = reader;
  const state = job.assignments.get(vertex);
  if (state === undefined) {
    return unchangedJob(job);
  }
  const repeated = assignmentCommands(job, vertex, repeatOrders(state, subtask, assignment));
  const step = isWaiting(state, subtask) ? unchangedJob(job) : onReaderRequest(job, reader);
  return { ...step, send: [...repeated, ...step.send] };
}

function restoredSubtasks(job: RunningJob, vertex: VertexId): readonly SubtaskMetadata[] {
  const operators = storedCheckpoints(job.checkpoints).pointer?.metadata.operators;
  return operators?.find(({ uid }) => uid === parseOperatorUid(vertex))?.subtasks ?? [];
}

export function onReaderRequest(job: RunningJob, { vertex, subtask }: SubtaskKey): JobStep {
  const assignment = job.assignments.get(vertex);
  if (assignment === undefined) {
    return unchangedJob(job);
  }
  const step = onSplitRequest(assignment, subtask);
  return withAssignment(job, vertex, step.state, step.orders);
}

/** `found` is in `job.sources` already; here the readers get it. */
export function onNewSplits(job: RunningJob, vertex: VertexId, found: Discovery): JobStep {
  const assignment = job.assignments.get(vertex);
  if (assignment === undefined) {
    return unchangedJob(job);
  }
  const step = onSplitsFound(assignment, found.splits, found.isComplete);
  return withAssignment(job, vertex, step.state, step.orders);
}

function withAssignment(
  job: RunningJob,
  vertex: VertexId,
  state: SplitAssignmentState,
  orders: readonly SplitOrder[],
): JobStep {
  const next: RunningJob = { ...job, assignments: new Map(job.assignments).set(vertex, state) };
  return { ...unchangedJob(next), send: assignmentCommands(next, vertex, orders) };
}

function assignmentCommands(job: RunningJob, vertex: VertexId, orders: readonly SplitOrder[]): readonly JobSend[] {
  const key = { jobId: job.spec.jobId, attempt: job.run.number, vertex };
  const firstSlot = job.spec.vertices.find(({ id }) => id === vertex)?.firstSlot ?? 0;
  return orders.flatMap((order): readonly JobSend[] => {
    const to = job.run.places[firstSlot + order.subtask]?.taskManager;
    return to === undefined ? [] : [{ kind: 'command', to, message: { kind: 'assign-splits', ...key, ...order } }];
  });
}
