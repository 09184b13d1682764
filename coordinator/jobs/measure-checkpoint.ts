import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import type { CompletedStats } from './job-checkpoints.ts';

/** How large a checkpoint is, and how much of it the one before did not have (Flink: lastCheckpointFullSize, lastCheckpointSize). */
export function measureCheckpoint(
  metadata: CheckpointMetadata | undefined,
  before: CheckpointMetadata | undefined,
): Pick<CompletedStats, 'fullBytes' | 'newBytes'> {
  const known = new Set([...objectsOf(before)].map(([name]) => name));
  let fullBytes = 0;
  let newBytes = 0;
  for (const [name, bytes] of objectsOf(metadata)) {
    fullBytes += bytes;
    newBytes += known.has(name) ? 0 : bytes;
  }
  return { fullBytes, newBytes };
}

/** By name: several subtasks may name one object after a rescale. */
function objectsOf(metadata: CheckpointMetadata | undefined): ReadonlyMap<string, number> {
  const objects = new Map<string, number>();
  for (const { subtasks } of metadata?.operators ?? []) {
    for (const { keyed } of subtasks) {
      keyed.forEach((ref) => objects.set(nameOf(ref), ref.length));
    }
  }
  return objects;
}

function nameOf({ location, sha256 }: SegmentRef): string {
  return location.kind === 'object' ? location.key : sha256;
}
