import type { CheckpointId, JobId, LeaderEpoch } from '../../shared/ids.ts';

/**
 * Where the metadata of a checkpoint stands in the snapshot store. It contains the leader's epoch, so a fenced leader that wakes
 * up writes beside its successor's objects, never over them.
 */
export function metadataKey(
  { jobId, leaderEpoch }: { readonly jobId: JobId; readonly leaderEpoch: LeaderEpoch },
  checkpoint: CheckpointId,
): string {
  return `${metadataFolder({ jobId, leaderEpoch }, checkpoint)}/metadata`;
}

/** The folder to which the metadata's relative paths are relative. */
export function metadataFolder(
  { jobId, leaderEpoch }: { readonly jobId: JobId; readonly leaderEpoch: LeaderEpoch },
  checkpoint: CheckpointId,
): string {
  return `jobs/${jobId}/checkpoints/${leaderEpoch}-${checkpoint}`;
}
