import type { SubtaskKey } from '../../shared/control/messages.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { countsAsFailure, explain } from './abort-reason.ts';
import type { AbortReason } from './abort-reason.ts';
import type { CheckpointDraft } from './checkpoint-draft.ts';
import type { PendingCheckpoint } from './checkpoints.ts';
import { refuse } from './refuse-savepoints.ts';
import { settleIfQuiet } from './settle.ts';

export interface Abort {
  readonly reason: AbortReason;
  readonly subtask?: SubtaskKey | undefined;
  readonly detail: string;
}

/** Ends a checkpoint that has no pointer. Everyone is told, the failure is explained, counted, and acted upon. */
export function abortCheckpoint(draft: CheckpointDraft, checkpoint: CheckpointId, abort: Abort): void {
  const { state, context } = draft;
  const aborted = state.pending.get(checkpoint) ?? abortableCompletion(draft, checkpoint);
  if (aborted === undefined) {
    return;
  }
  const pending = new Map(state.pending);
  pending.delete(checkpoint);
  draft.change({
    pending,
    completing: state.completing?.checkpoint === checkpoint ? undefined : state.completing,
    dueAt: Math.max(state.dueAt, context.now + state.settings.minPauseMs),
    failuresInARow: state.failuresInARow + (countsAsFailure(abort.reason) ? 1 : 0),
  });
  const { reason, subtask, detail } = abort;
  const sentence = explain({ checkpoint, reason, afterMs: context.now - aborted.triggeredAt, subtask, detail });
  draft.send({ kind: 'failed', checkpoint, reason, sentence });
  draft.toEveryTaskManager((to) => ({ kind: 'abort', to, checkpoint }));
  refuse(draft, aborted.requests, sentence);
  react(draft, reason, { sentence, wasFinal: aborted.final !== undefined });
}

function abortableCompletion(
  { state: { completing } }: CheckpointDraft,
  checkpoint: CheckpointId,
): Pick<PendingCheckpoint, 'triggeredAt' | 'requests' | 'final'> | undefined {
  if (completing?.checkpoint !== checkpoint) {
    return undefined;
  }
  const { kind } = completing.stage;
  // A pointer is given up only when the store has said for certain that no copy of it can land (complete-checkpoint.ts).
  return kind === 'metadata' || kind === 'pointer' ? { ...completing, final: completing.pointer.final } : undefined;
}

function react(
  draft: CheckpointDraft,
  reason: AbortReason,
  { sentence, wasFinal }: { readonly sentence: string; readonly wasFinal: boolean },
): void {
  const { state } = draft;
  if (state.phase !== 'open') {
    return;
  }
  if (reason === 'committable-too-old' || reason === 'committable-missing') {
    restart(draft, reason, sentence);
  } else if (wasFinal) {
    restart(draft, 'stop-failed', `${sentence} The sources had stopped for it.`);
  } else if (state.failuresInARow > state.settings.tolerableFailures) {
    restart(draft, 'checkpoints-failing', `${state.failuresInARow} checkpoints in a row failed. ${sentence}`);
  }
}

export function restart(draft: CheckpointDraft, code: string, message: string): void {
  draft.send({ kind: 'restart-attempt', failure: { code, reaction: 'restart-job', message } });
  beginClosing(draft);
}

/**
 * No new checkpoint; what has no pointer is aborted. What may have one is finished first: a commit that has begun is never left
 * half done, and no attempt is condemned while a write of it is in doubt (DESIGN §7, §8.7).
 */
export function beginClosing(draft: CheckpointDraft): void {
  const { state } = draft;
  if (state.phase !== 'open' && state.phase !== 'replaying') {
    return;
  }
  draft.change({ phase: 'closing', requests: [] });
  refuse(draft, state.requests, 'The attempt ended before the savepoint could be taken.');
  const { completing } = state;
  const abort = { reason: 'attempt-ending', detail: 'the attempt ended' } as const;
  for (const checkpoint of state.pending.keys()) {
    abortCheckpoint(draft, checkpoint, abort);
  }
  if (completing?.stage.kind === 'metadata') {
    abortCheckpoint(draft, completing.checkpoint, abort);
  }
  settleIfQuiet(draft);
}
