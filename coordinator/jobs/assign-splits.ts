import type { Discovery } from '../../shared/connector/source.ts';
import type { SubtaskKey } from '../../shared/control/messages.ts';
import type { SubtaskMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { VertexId } from '../../shared/ids.ts';
import { beginAssignment, onSplitRequest, onSplitsFound } from '../scheduling/split-assignment-step.ts';
import type { SplitAssignmentState, SplitOrder } from '../scheduling/split-assignment-step.ts';
import type { JobSend, JobStep } from './job-events.ts';
import { unchangedJob } from './job-events.ts';
import type { RunningJob } from './job.ts';
import { parallelismOfVertex } from './job-spec.ts';
import { storedCheckpoints } from './job-checkpoints.ts';
import { splitsToRead, UNDISCOVERED } from './source-progress.ts';

/**
 * Every reader of the attempt is ready: begins with what is known of each source, as the checkpoint from which the attempt
 * begins has it, and gives that to the readers.
 */
export function beginAssignments(job: RunningJob): JobStep {
  const assignments = new Map<VertexId, SplitAssignmentState>();
  const send: JobSend[] = [];
  for (const { vertex, assignment: mode } of job.spec.sources) {
    const known = job.sources.get(vertex) ?? UNDISCOVERED;
    const splits = splitsToRead(known, restoredSubtasks(job, vertex));
    const parallelism = parallelismOfVertex(job.spec, vertex);
    const step = beginAssignment({ mode, parallelism, splits, isComplete: known.isComplete });
    assignments.set(vertex, step.state);
    send.push(...assignmentCommands(job, vertex, step.orders));
  }
  return { ...unchangedJob({ ...job, assignments }), send };
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
