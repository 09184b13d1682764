import type { CheckpointMetadata as Wire } from '../../proto/generated/nerve/v1/CheckpointMetadata.ts';
import type { OperatorList } from '../../proto/generated/nerve/v1/OperatorList.ts';
import type { OperatorState } from '../../proto/generated/nerve/v1/OperatorState.ts';
import type { SplitPosition } from '../../proto/generated/nerve/v1/SplitPosition.ts';
import type { StateHandle } from '../../proto/generated/nerve/v1/StateHandle.ts';
import type { SubtaskState } from '../../proto/generated/nerve/v1/SubtaskState.ts';
import { bytesOf } from './binary.ts';
import type { SplitSnapshot } from '../connector/source.ts';
import type {
  CheckpointMetadata,
  OperatorListSnapshot,
  OperatorMetadata,
  SubtaskMetadata,
} from './checkpoint-metadata.ts';
import { encodeMetadata } from './grpc-metadata-codec.ts';
import type { SegmentRef } from './segment-ref.ts';

export const METADATA_FORMAT = 1;

/** `folder`: where the metadata object will stand; objects below it are named relative to it, all others by their full key. */
export function formatMetadata(metadata: CheckpointMetadata, folder: string): Buffer {
  const wire: Wire = {
    format: METADATA_FORMAT,
    jobId: metadata.jobId,
    checkpointId: String(metadata.checkpoint),
    kind: metadata.kind,
    leaderEpoch: String(metadata.leaderEpoch),
    attempt: metadata.attempt,
    triggeredAtMs: metadata.triggeredAtMs,
    completedAtMs: metadata.completedAtMs,
    lineage: metadata.lineage,
    fingerprint: metadata.fingerprint,
    artifact: metadata.artifact,
    operators: metadata.operators.map((operator) => operatorToWire(operator, folder)),
  };
  return encodeMetadata(wire);
}

function operatorToWire(operator: OperatorMetadata, folder: string): OperatorState {
  const { uid, name, parallelism, maxParallelism, hashId, states, subtasks, coordinatorState } = operator;
  return {
    uid,
    name,
    parallelism,
    maxParallelism,
    hashId,
    states: states.map((state) => ({ ...state })),
    subtasks: subtasks.map((subtask) => subtaskToWire(subtask, folder)),
    coordinatorState: coordinatorState ?? '',
  };
}

function subtaskToWire(subtask: SubtaskMetadata, folder: string): SubtaskState {
  return {
    keyed: subtask.keyed.map((ref) => handleToWire(ref, folder)),
    lists: listsToWire(subtask.lists),
    splits: splitsToWire(subtask.splits),
    committables: [...subtask.committables],
    finished: subtask.isFinished,
    watermarkMs: subtask.watermarkMs ?? 0,
    hasWatermark: subtask.watermarkMs !== undefined,
  };
}

/** These three are also how an acknowledgement carries them. */
export function listsToWire(lists: readonly OperatorListSnapshot[]): OperatorList[] {
  return lists.map(({ name, redistribution, elements }) => ({ name, redistribution, elements: elements.map(bytesOf) }));
}

export function splitsToWire(splits: readonly SplitSnapshot[]): SplitPosition[] {
  return splits.map(({ id, position, isFinished }) => ({ id, position, finished: isFinished }));
}

export function handleToWire(ref: SegmentRef, folder: string): StateHandle {
  return {
    kind: ref.kind,
    ...locationToWire(ref, folder),
    length: ref.length,
    sha256: ref.sha256,
    firstKeyGroup: ref.range.first,
    lastKeyGroup: ref.range.last,
    fromCheckpoint: String(ref.from.checkpoint),
    fromPart: ref.from.part,
    toCheckpoint: String(ref.to.checkpoint),
    toPart: ref.to.part,
  };
}

function locationToWire(
  { location }: SegmentRef,
  folder: string,
): Pick<StateHandle, 'inline' | 'key' | 'relativePath'> {
  if (location.kind === 'inline') {
    return { inline: location.bytes };
  }
  const prefix = `${folder}/`;
  return location.key.startsWith(prefix) ? { relativePath: location.key.slice(prefix.length) } : { key: location.key };
}
