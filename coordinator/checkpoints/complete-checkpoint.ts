import { metadataKey } from '../../shared/checkpoint/object-keys.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { abortCheckpoint } from './abort-checkpoint.ts';
import { buildMetadata } from './build-metadata.ts';
import type { CheckpointDraft } from './checkpoint-draft.ts';
import type { CheckpointPointer, ObjectAnswer, RecordAnswer } from './checkpoint-events.ts';
import { isFullyAcknowledged } from './checkpoints.ts';
import type { CompletingCheckpoint, CompletionStage, PendingCheckpoint } from './checkpoints.ts';
import { finishCompletion, onMarkerDurable } from './finish-checkpoint.ts';
import { bySink, findTooOld, uncovered } from './prepared-output.ts';
import { die } from './settle.ts';
import { dueRepeat, FIRST_TRY, onAmbiguous } from './write-progress.ts';

/** The oldest checkpoint that everyone has acknowledged sets out, unless one is on its way (checkpoint-step.ts C4). */
export function beginCompletion(draft: CheckpointDraft): void {
  const { state, context } = draft;
  if (state.phase !== 'open' || state.completing !== undefined) {
    return;
  }
  const pending = [...state.pending.values()].find(isFullyAcknowledged);
  if (pending === undefined) {
    return;
  }
  const { checkpoint, triggeredAt, requests } = pending;
  const built = buildMetadata(state, required(state.participants, 'the participants'), pending, context);
  if (built.kind === 'unusable') {
    abortCheckpoint(draft, checkpoint, { reason: 'ack-unusable', detail: built.problem });
    return;
  }
  const outputs = uncovered(
    [...pending.acks.values()].flatMap((ack) => ack.outputs),
    state.completed?.checkpoint,
  );
  const left = new Map(state.pending);
  left.delete(checkpoint);
  draft.change({
    pending: left,
    completing: {
      checkpoint,
      triggeredAt,
      requests,
      metadata: built.metadata,
      pointer: pointerOf(draft, pending),
      committables: bySink(outputs),
      outputs,
      stage: { kind: 'metadata', write: FIRST_TRY },
    },
  });
  askAgain(draft);
}

export function onObjectAnswered(draft: CheckpointDraft, checkpoint: CheckpointId, answer: ObjectAnswer): void {
  const { completing } = draft.state;
  if (completing?.checkpoint !== checkpoint || completing.stage.kind !== 'metadata') {
    return;
  }
  switch (answer.kind) {
    case 'created':
      writePointer(draft, completing);
      return;
    case 'ambiguous':
      repeatLater(draft, completing);
      return;
    case 'exists':
      abortCheckpoint(draft, checkpoint, {
        reason: 'metadata-write-failed',
        detail: `the snapshot store holds other bytes under ${completing.pointer.metadataKey}`,
      });
      return;
    case 'refused':
      abortCheckpoint(draft, checkpoint, {
        reason: 'metadata-write-failed',
        detail: `the snapshot store refused the metadata object (${answer.failure.code})`,
      });
  }
}

/** The last moment at which the checkpoint can be given up (checkpoint-step.ts C7). */
function writePointer(draft: CheckpointDraft, completing: CompletingCheckpoint): void {
  const tooOld = findTooOld(completing.outputs, draft.context.now);
  if (tooOld === undefined) {
    enter(draft, completing, { kind: 'pointer', write: FIRST_TRY });
    return;
  }
  const age = Math.round(draft.context.now - tooOld.bornAt);
  abortCheckpoint(draft, completing.checkpoint, {
    reason: 'committable-too-old',
    subtask: tooOld,
    detail: `prepared output of sink ${tooOld.sink} ${age} ms ago, more than half of its transaction timeout`,
  });
}

export function onCompletionRecord(
  draft: CheckpointDraft,
  record: 'pointer' | 'marker' | 'terminal',
  answer: Exclude<RecordAnswer, { kind: 'fenced' }>,
): void {
  const { completing } = draft.state;
  if (completing?.stage.kind !== record || completing.stage.write.kind !== 'asked') {
    return;
  }
  if (answer.kind === 'done') {
    onDone(draft, completing, { record, revision: answer.revision });
  } else if (answer.kind === 'refused' && record === 'pointer' && completing.stage.write.tries === 1) {
    // With an earlier copy whose answer is unknown a refusal of this one says nothing: that one may still land.
    const detail = `its pointer was refused (${answer.failure.code})`;
    abortCheckpoint(draft, completing.checkpoint, { reason: 'pointer-write-refused', detail });
  } else {
    repeatLater(draft, completing);
  }
}

function onDone(
  draft: CheckpointDraft,
  completing: CompletingCheckpoint,
  { record, revision }: { readonly record: 'pointer' | 'marker' | 'terminal'; readonly revision: bigint },
): void {
  const { revisions } = draft.state;
  switch (record) {
    case 'pointer':
      draft.change({ revisions: { ...revisions, pointer: revision }, failuresInARow: 0 });
      subsume(draft, completing.checkpoint);
      beginCommits(draft, completing);
      return;
    case 'marker':
      draft.change({ revisions: { ...revisions, marker: revision } });
      onMarkerDurable(draft, completing);
      if (completing.pointer.final === undefined) {
        finishCompletion(draft, completing);
      } else {
        enter(draft, completing, { kind: 'terminal', write: FIRST_TRY });
      }
      return;
    case 'terminal':
      finishCompletion(draft, completing);
  }
}

function subsume(draft: CheckpointDraft, completed: CheckpointId): void {
  for (const checkpoint of draft.state.pending.keys()) {
    if (checkpoint < completed) {
      abortCheckpoint(draft, checkpoint, { reason: 'subsumed', detail: `checkpoint ${completed} completed first` });
    }
  }
}

function beginCommits(draft: CheckpointDraft, completing: CompletingCheckpoint): void {
  const { checkpoint, committables } = completing;
  enter(draft, completing, { kind: 'commits' });
  if (committables.length === 0) {
    onCommitted(draft, checkpoint);
  } else {
    draft.send({ kind: 'commit', checkpoint, committables });
  }
}

export function onCommitted(draft: CheckpointDraft, checkpoint: CheckpointId): void {
  const { completing } = draft.state;
  if (completing?.checkpoint === checkpoint && completing.stage.kind === 'commits') {
    enter(draft, completing, { kind: 'marker', write: FIRST_TRY });
  }
}

/** Loud, and for good: the pointer stands, the marker is never written, no attempt goes on (DESIGN §8.8). */
export function onCommitBroken(draft: CheckpointDraft, checkpoint: CheckpointId, failure: Failure): void {
  const { completing } = draft.state;
  if (completing?.checkpoint === checkpoint && completing.stage.kind === 'commits') {
    die(draft, `The job has failed: ${failure.message}`);
    draft.send({ kind: 'fail-job', failure });
  }
}

function enter(draft: CheckpointDraft, completing: CompletingCheckpoint, stage: CompletionStage): void {
  draft.change({ completing: { ...completing, stage } });
  askAgain(draft);
}

function repeatLater(draft: CheckpointDraft, completing: CompletingCheckpoint): void {
  const { stage } = completing;
  if (stage.kind !== 'commits') {
    const write = onAmbiguous(stage.write, draft.context.now);
    draft.change({ completing: { ...completing, stage: { ...stage, write } } });
  }
}

export function repeatCompletionWrite(draft: CheckpointDraft): void {
  const { completing } = draft.state;
  if (completing === undefined || completing.stage.kind === 'commits') {
    return;
  }
  const { stage } = completing;
  const write = dueRepeat(stage.write, draft.context.now);
  if (write !== undefined) {
    draft.change({ completing: { ...completing, stage: { ...stage, write } } });
    askAgain(draft);
  }
}

/** Asks for the write of the stage: the same one however often (write-progress.ts W1). */
export function askAgain(draft: CheckpointDraft): void {
  const { completing } = draft.state;
  if (completing === undefined) {
    return;
  }
  const { checkpoint, metadata, pointer, stage } = completing;
  switch (stage.kind) {
    case 'metadata':
      draft.persist({ kind: 'put-object', key: pointer.metadataKey, metadata });
      return;
    case 'pointer':
      draft.persistRecord({ kind: 'pointer', pointer });
      return;
    case 'marker':
      draft.persistRecord({ kind: 'marker', checkpoint });
      return;
    case 'terminal':
      draft.persistRecord({ kind: 'terminal', checkpoint, how: required(pointer.final, 'how the job stops') });
      return;
    case 'commits':
  }
}

function pointerOf(draft: CheckpointDraft, { checkpoint, requests, final }: PendingCheckpoint): CheckpointPointer {
  const { identity, completed, settings, copying } = draft.state;
  const { jobId, attempt, leaderEpoch } = identity;
  const handle = { checkpoint, metadataKey: metadataKey(identity, checkpoint) };
  const earlier = completed?.pointer.retained ?? [];
  return {
    ...handle,
    jobId,
    attempt,
    leaderEpoch,
    retained: [...earlier, handle].slice(-settings.retained),
    pins: [...copying.map(({ pin }) => pin), ...requests.map(({ directory }) => ({ ...handle, directory }))],
    final,
  };
}
