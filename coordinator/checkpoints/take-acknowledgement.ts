import type { SubtaskKey } from '../../shared/control/messages.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { abortCheckpoint, restart } from './abort-checkpoint.ts';
import { subtaskName } from './abort-reason.ts';
import { announce } from './announce.ts';
import type { CheckpointDraft } from './checkpoint-draft.ts';
import type { CheckpointEvent } from './checkpoint-events.ts';
import type { PendingCheckpoint } from './checkpoints.ts';
import { withParticipant } from './plan-checkpoint.ts';
import { outputsOf, takePrepared, uncovered } from './prepared-output.ts';
import type { PreparedOutput } from './prepared-output.ts';
import type { ReceivedAcknowledgement } from './received-acknowledgement.ts';

/** Also of an aborted checkpoint it is worth something: it says what is prepared. Of a completed one it says nothing new. */
export function takeAcknowledgement(draft: CheckpointDraft, ack: ReceivedAcknowledgement): void {
  const { state, context } = draft;
  const completed = state.completed?.checkpoint;
  if (completed !== undefined && ack.checkpoint <= completed) {
    return;
  }
  const pending = state.pending.get(ack.checkpoint);
  if (pending?.acks.has(ack.taskManager) === true) {
    return;
  }
  const problem = pending === undefined ? undefined : findProblem(pending, ack);
  if (problem !== undefined) {
    abortCheckpoint(draft, ack.checkpoint, { reason: 'ack-unusable', detail: problem });
    return;
  }
  const { taskManager, checkpoint } = ack;
  const outputs = uncovered(outputsOf(ack, context.now), completed);
  const taken = takePrepared(state.prepared, { taskManager, checkpoint, outputs });
  if (taken.kind === 'missing') {
    giveUpMissing(draft, ack, taken.output);
    return;
  }
  draft.change({ prepared: taken.prepared });
  if (pending !== undefined) {
    withPending(draft, { ...pending, acks: new Map(pending.acks).set(taskManager, { ack, outputs }) });
  }
}

/** prepared-output.ts P1. */
function giveUpMissing(
  draft: CheckpointDraft,
  ack: ReceivedAcknowledgement,
  { vertex, subtask, sink }: PreparedOutput,
): void {
  const detail = `left out output of sink ${sink} that it had prepared before`;
  if (draft.state.pending.has(ack.checkpoint)) {
    abortCheckpoint(draft, ack.checkpoint, { reason: 'committable-missing', subtask: { vertex, subtask }, detail });
  } else if (draft.state.phase === 'open') {
    restart(draft, 'committable-missing', `${subtaskName({ vertex, subtask })} ${detail}.`);
  }
}

function findProblem(
  { plan }: PendingCheckpoint,
  { taskManager, subtasks }: ReceivedAcknowledgement,
): string | undefined {
  const awaited = plan.awaited.get(taskManager);
  if (awaited === undefined) {
    return `task manager ${taskManager}, which runs no part of it, acknowledged it`;
  }
  const described = new Set(subtasks.map(subtaskName));
  const missing = awaited.find((key) => !described.has(subtaskName(key)));
  if (missing !== undefined) {
    return `the acknowledgement of task manager ${taskManager} does not describe ${subtaskName(missing)}`;
  }
  return described.size === awaited.length
    ? undefined
    : `the acknowledgement of task manager ${taskManager} describes subtasks that are not its own`;
}

export function takeDecline(draft: CheckpointDraft, event: Extract<CheckpointEvent, { kind: 'declined' }>): void {
  const { checkpoint, subtask, cause, detail } = event;
  if (draft.state.pending.has(checkpoint)) {
    abortCheckpoint(draft, checkpoint, { reason: cause === 'failed' ? 'declined' : 'cancelled', subtask, detail });
  }
}

export function takeProgress(draft: CheckpointDraft, event: Extract<CheckpointEvent, { kind: 'progress' }>): void {
  const pending = draft.state.pending.get(event.checkpoint);
  if (pending !== undefined) {
    const stages = new Map(pending.stages);
    event.stages.forEach(({ subtask, stage }) => stages.set(subtaskName(subtask), stage));
    withPending(draft, { ...pending, stages });
  }
}

export function onSubtaskFinished(draft: CheckpointDraft, subtask: SubtaskKey): void {
  const { participants } = draft.state;
  if (participants === undefined) {
    return;
  }
  draft.change({ participants: withParticipant(participants, subtask, { state: 'finished' }) });
  const name = subtaskName(subtask);
  for (const { checkpoint, plan, acks } of draft.state.pending.values()) {
    const owes = [...plan.awaited].some(
      ([taskManager, keys]) => !acks.has(taskManager) && keys.some((key) => subtaskName(key) === name),
    );
    if (owes) {
      const detail = 'had read all its input and finished before its snapshot';
      abortCheckpoint(draft, checkpoint, { reason: 'subtask-finished', subtask, detail });
    }
  }
}

/** What it has not acknowledged may have been lost on the way to it: a trigger, or the connection broke a channel's abort. */
export function onTaskManagerBack(draft: CheckpointDraft, taskManager: TaskManagerId): void {
  for (const { checkpoint, plan, acks } of draft.state.pending.values()) {
    if (plan.awaited.has(taskManager) && !acks.has(taskManager)) {
      const detail = `task manager ${taskManager} lost its connection before it had acknowledged`;
      abortCheckpoint(draft, checkpoint, { reason: 'task-manager-lost', detail });
    }
  }
  announce(draft, taskManager);
}

function withPending(draft: CheckpointDraft, pending: PendingCheckpoint): void {
  draft.change({ pending: new Map(draft.state.pending).set(pending.checkpoint, pending) });
}
