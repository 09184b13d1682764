import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { SinkCommittables } from '../../shared/control/messages.ts';
import { CheckpointDraft } from './checkpoint-draft.ts';
import type { CheckpointStep } from './checkpoint-draft.ts';
import type { CheckpointPointer } from './checkpoint-events.ts';
import { openIds } from './checkpoint-ids.ts';
import type { CheckpointSettings } from './checkpoint-settings.ts';
import type { CheckpointContext, CheckpointIdentity, Checkpoints, CompletingCheckpoint } from './checkpoints.ts';
import { askAgain } from './complete-checkpoint.ts';
import { becomeReady } from './finish-checkpoint.ts';
import { FIRST_TRY } from './write-progress.ts';

/** What a linearizable read found, after this leader was elected, of a job without terminal record. */
export interface StoredCheckpoints {
  /** 0: nothing was ever reserved. */
  readonly reservedTo: bigint;
  readonly pointer: { readonly pointer: CheckpointPointer; readonly metadata: CheckpointMetadata } | undefined;
  /** The checkpoint of the marker; undefined: none. */
  readonly marker: bigint | undefined;
  /** mod_revisions; 0: absent. */
  readonly revisions: { readonly ids: bigint; readonly pointer: bigint; readonly marker: bigint };
  /** What this leader is copying already; undefined: a former leader's pins are still to be copied. */
  readonly copying?: Checkpoints['copying'];
}

/**
 * Begins where the records end: a pointer without marker is committed first, a final one becomes the terminal record. `ready`
 * comes when an attempt may be deployed (then `started`) or adopted (then `adopted`).
 */
export function openCheckpoints(
  identity: CheckpointIdentity,
  settings: CheckpointSettings,
  stored: StoredCheckpoints,
  context: CheckpointContext,
): CheckpointStep {
  const found = stored.pointer;
  const isMarked = found !== undefined && stored.marker === found.pointer.checkpoint;
  const last = found === undefined ? undefined : { ...found, checkpoint: found.pointer.checkpoint };
  const left = stored.copying === undefined ? (found?.pointer.pins ?? []) : [];
  const pins = left.filter((pin) => isMarked || pin.checkpoint !== last?.checkpoint);
  const state: Checkpoints = {
    identity,
    settings,
    phase: 'replaying',
    ids: openIds(stored.reservedTo, stored.revisions.ids),
    participants: undefined,
    pending: new Map(),
    completing: undefined,
    completed: last,
    revisions: { pointer: stored.revisions.pointer, marker: stored.revisions.marker },
    prepared: new Map(),
    failuresInARow: 0,
    dueAt: context.now,
    requests: [],
    copying: stored.copying ?? pins.map((pin) => ({ pin, request: undefined })),
  };
  const draft = new CheckpointDraft(state, context);
  draft.send(...pins.map((pin) => ({ kind: 'copy-savepoint', pin }) as const));
  if (found !== undefined && (!isMarked || found.pointer.final !== undefined)) {
    replay(draft, found, isMarked);
  }
  becomeReady(draft);
  return draft.finish();
}

/** What the records hold once this is settled: the next attempt under the same leader begins with it. */
export function storedOf({ ids, revisions, completed, copying }: Checkpoints): StoredCheckpoints {
  return {
    reservedTo: ids.reservedTo,
    pointer: completed,
    marker: completed?.checkpoint,
    revisions: { ids: ids.revision, ...revisions },
    copying,
  };
}

function replay(
  draft: CheckpointDraft,
  { pointer, metadata }: NonNullable<StoredCheckpoints['pointer']>,
  isMarked: boolean,
): void {
  const { checkpoint } = pointer;
  const committables = committablesIn(metadata);
  const hasCommits = !isMarked && committables.length > 0;
  const completing: CompletingCheckpoint = {
    checkpoint,
    triggeredAt: draft.context.now,
    requests: [],
    metadata,
    pointer,
    committables,
    outputs: [],
    stage: hasCommits ? { kind: 'commits' } : { kind: isMarked ? 'terminal' : 'marker', write: FIRST_TRY },
  };
  draft.change({ completing });
  if (hasCommits) {
    draft.send({ kind: 'commit', checkpoint, committables });
  } else {
    askAgain(draft);
  }
}

/** What a pointer to this checkpoint promises, by sink. */
export function committablesIn({ operators }: CheckpointMetadata): readonly SinkCommittables[] {
  return operators
    .map(({ uid, subtasks }) => ({ sink: uid, committables: subtasks.flatMap(({ committables }) => committables) }))
    .filter(({ committables }) => committables.length > 0);
}
