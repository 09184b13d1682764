import { needsReservation, nextReservation } from './checkpoint-ids.ts';
import type { CheckpointDraft } from './checkpoint-draft.ts';
import type { RecordAnswer } from './checkpoint-events.ts';
import { dueRepeat, FIRST_TRY, onAmbiguous } from './write-progress.ts';

/** Reserves the next block in good time (checkpoint-ids.ts). */
export function reserveIds(draft: CheckpointDraft): void {
  const { state } = draft;
  const { ids, settings } = state;
  if (state.phase === 'open' && needsReservation(ids, settings.idBlock)) {
    const to = nextReservation(ids, settings.idBlock);
    draft.change({ ids: { ...ids, reserving: { to, write: FIRST_TRY } } });
    draft.persistRecord({ kind: 'ids', reservedTo: to });
  }
}

export function onIdsAnswered(draft: CheckpointDraft, answer: Exclude<RecordAnswer, { kind: 'fenced' }>): void {
  const { ids } = draft.state;
  const { reserving } = ids;
  if (reserving?.write.kind !== 'asked') {
    return;
  }
  if (answer.kind === 'done') {
    draft.change({ ids: { ...ids, reservedTo: reserving.to, revision: answer.revision, reserving: undefined } });
    return;
  }
  // A refusal may pass; nothing but the next checkpoint waits for it.
  const write = onAmbiguous(reserving.write, draft.context.now);
  draft.change({ ids: { ...ids, reserving: { ...reserving, write } } });
}

export function repeatReservation(draft: CheckpointDraft): void {
  const { ids } = draft.state;
  const write = ids.reserving === undefined ? undefined : dueRepeat(ids.reserving.write, draft.context.now);
  if (ids.reserving !== undefined && write !== undefined) {
    draft.change({ ids: { ...ids, reserving: { ...ids.reserving, write } } });
    draft.persistRecord({ kind: 'ids', reservedTo: ids.reserving.to });
  }
}
