import { abortCheckpoint } from './abort-checkpoint.ts';
import { describeStage, list, subtaskName } from './abort-reason.ts';
import type { CheckpointDraft } from './checkpoint-draft.ts';
import { missingSubtasks } from './checkpoints.ts';
import type { PendingCheckpoint } from './checkpoints.ts';

/** Ends every checkpoint whose time is over. One that may have a pointer is never ended. */
export function expireOverdue(draft: CheckpointDraft): void {
  const { state, context } = draft;
  const isOverdue = ({ triggeredAt }: { readonly triggeredAt: number }): boolean =>
    context.now - triggeredAt >= state.settings.timeoutMs;
  for (const pending of state.pending.values()) {
    if (isOverdue(pending)) {
      expire(draft, pending);
    }
  }
  const { completing } = state;
  if (completing?.stage.kind === 'metadata' && isOverdue(completing)) {
    abortCheckpoint(draft, completing.checkpoint, {
      reason: 'expired',
      detail: 'the snapshot store had not taken the metadata object',
    });
  }
}

/** The expiry names the first subtask that is missing and what it was last heard to wait for. */
function expire(draft: CheckpointDraft, pending: PendingCheckpoint): void {
  const missing = missingSubtasks(pending);
  const unfinished = missing.filter(({ subtask }) => pending.stages.get(subtaskName(subtask))?.kind !== 'done');
  const first = culprit(pending, unfinished.length > 0 ? unfinished : missing);
  if (first === undefined) {
    abortCheckpoint(draft, pending.checkpoint, { reason: 'expired', detail: 'the checkpoint before it was not over' });
    return;
  }
  const others = missing.filter((other) => other !== first).map(({ subtask }) => subtaskName(subtask));
  const also = others.length === 0 ? '' : `; also missing: ${list(others)}`;
  const stage = describeStage(pending.stages.get(subtaskName(first.subtask)));
  abortCheckpoint(draft, pending.checkpoint, {
    reason: 'expired',
    subtask: first.subtask,
    detail: `on task manager ${first.taskManager} waited for ${stage}${also}`,
  });
}

/** One that waits for barriers waits for somebody else: name first who does not. */
function culprit(
  { stages }: PendingCheckpoint,
  missing: ReturnType<typeof missingSubtasks>,
): ReturnType<typeof missingSubtasks>[number] | undefined {
  const busy = missing.find(({ subtask }) => {
    const stage = stages.get(subtaskName(subtask));
    return stage !== undefined && stage.kind !== 'waiting-for-barriers';
  });
  return busy ?? missing[0];
}
