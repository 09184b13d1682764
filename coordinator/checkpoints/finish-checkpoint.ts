import type { CheckpointDraft } from './checkpoint-draft.ts';
import type { CheckpointEvent } from './checkpoint-events.ts';
import type { CompletingCheckpoint } from './checkpoints.ts';
import { withoutCovered } from './prepared-output.ts';

/** From here on the checkpoint's output is committed, whoever asks, and nobody may ask for it again. */
export function onMarkerDurable(draft: CheckpointDraft, { checkpoint, metadata, pointer }: CompletingCheckpoint): void {
  draft.change({
    completed: { checkpoint, metadata, pointer },
    prepared: withoutCovered(draft.state.prepared, checkpoint),
  });
}

/** Everything is durable: the tasks are told, and savepoints are copied. */
export function finishCompletion(draft: CheckpointDraft, completing: CompletingCheckpoint): void {
  const { state, context } = draft;
  const { checkpoint, triggeredAt, pointer } = completing;
  draft.change({
    completing: undefined,
    dueAt: Math.max(state.dueAt, context.now + state.settings.minPauseMs),
    phase: pointer.final === undefined ? state.phase : 'stopped',
  });
  draft.send({ kind: 'completed', checkpoint, tookMs: context.now - triggeredAt });
  draft.toEveryTaskManager((to) => ({ kind: 'complete', to, checkpoint }));
  if (pointer.final !== undefined) {
    draft.send({ kind: 'stopped', checkpoint });
  }
  copySavepoints(draft, completing);
  becomeReady(draft);
}

/** Once nothing that was found half done is left, attempts may run. */
export function becomeReady(draft: CheckpointDraft): void {
  if (draft.state.phase === 'replaying' && draft.state.completing === undefined) {
    draft.change({ phase: 'open' });
    draft.send({ kind: 'ready' });
  }
}

/** Pins that were found in a pointer are copied again: a copy is idempotent, its manifest is written last. */
function copySavepoints(draft: CheckpointDraft, { checkpoint, pointer, requests }: CompletingCheckpoint): void {
  const known = new Set(draft.state.copying.map(({ pin }) => pinName(pin)));
  const pins = pointer.pins.filter((pin) => pin.checkpoint === checkpoint && !known.has(pinName(pin)));
  for (const pin of pins) {
    const request = requests.find(({ directory }) => directory === pin.directory)?.request;
    draft.change({ copying: [...draft.state.copying, { pin, request }] });
    draft.send({ kind: 'copy-savepoint', pin });
  }
}

export function onSavepointCopied(
  draft: CheckpointDraft,
  event: Extract<CheckpointEvent, { kind: 'savepoint-copied' }>,
): void {
  const { checkpoint, directory, path, failure } = event;
  const copied = draft.state.copying.find(({ pin }) => pinName(pin) === pinName({ checkpoint, directory }));
  if (copied === undefined) {
    return;
  }
  draft.change({ copying: draft.state.copying.filter((other) => other !== copied) });
  if (copied.request !== undefined) {
    const answer =
      failure === undefined
        ? ({ kind: 'done', checkpoint, directory: path ?? directory } as const)
        : ({ kind: 'failed', failure } as const);
    draft.send({ kind: 'answer-savepoint', request: copied.request, answer });
  }
}

function pinName({ checkpoint, directory }: { readonly checkpoint: bigint; readonly directory: string }): string {
  return `${checkpoint} ${directory}`;
}
