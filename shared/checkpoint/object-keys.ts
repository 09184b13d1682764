import type { AttemptNumber, CheckpointId, JobId, LeaderEpoch, OperatorUid, SubtaskIndex } from '../ids.ts';

/**
 * Where the objects of a job stand in the snapshot store: `jobs/<job>/checkpoints/…` and `jobs/<job>/restored/…` what
 * coordinators write, and `jobs/<job>/state/…` what subtasks write. No key is ever written by two processes.
 */
export function jobFolder(jobId: JobId): string {
  return `jobs/${jobId}`;
}

/** Below it the metadata of all checkpoints of a job. */
export function checkpointsFolder(jobId: JobId): string {
  return `${jobFolder(jobId)}/checkpoints/`;
}

/**
 * Where the metadata of a checkpoint stands. It contains the leader's epoch, so a fenced leader that wakes up writes beside its
 * successor's objects, never over them.
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
  return `${checkpointsFolder(jobId)}${leaderEpoch}-${checkpoint}`;
}

/** The folder of an object whose key is given: what relative paths in a metadata object begin at. */
export function folderOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')));
}

/** What a job that began from a savepoint was given of it: copies, so that the savepoint may be moved or removed. */
export function restoredFolder(jobId: JobId, lineage: string): string {
  return `${jobFolder(jobId)}/restored/${lineage}`;
}

/** All that the subtasks of one attempt write. */
export function attemptStateFolder(jobId: JobId, attempt: AttemptNumber): string {
  return `${jobFolder(jobId)}/state/${String(attempt)}`;
}

/**
 * Begins the key of every object that one operator of one subtask writes. `nonce`: random text of this opening of the subtask,
 * so that not even a frozen thread of the same attempt, or another cluster that shares the bucket, writes the same keys.
 */
export function stateObjectPrefix(at: {
  readonly jobId: JobId;
  readonly attempt: AttemptNumber;
  readonly uid: OperatorUid;
  readonly subtask: SubtaskIndex;
  readonly nonce: string;
}): string {
  const { jobId, attempt, uid, subtask, nonce } = at;
  return `${attemptStateFolder(jobId, attempt)}/${uid}/${String(subtask)}/${nonce}`;
}
