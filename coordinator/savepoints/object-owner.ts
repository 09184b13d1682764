import { isName, parseAttemptNumber, parseCheckpointId, parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import type { AttemptNumber, CheckpointId, JobId, LeaderEpoch } from '../../shared/ids.ts';

/** To what an object of the snapshot store belongs, as its key says (shared/checkpoint/object-keys.ts). */
export type ObjectOwner =
  | { readonly kind: 'state'; readonly jobId: JobId; readonly attempt: AttemptNumber }
  | { readonly kind: 'restored'; readonly jobId: JobId; readonly lineage: string; readonly isMetadata: boolean }
  | {
      readonly kind: 'metadata';
      readonly jobId: JobId;
      readonly leaderEpoch: LeaderEpoch;
      readonly checkpoint: CheckpointId;
    }
  /** Below a job's folder, and nothing that this version writes. */
  | { readonly kind: 'strange'; readonly jobId: JobId }
  /** Of no job: an artifact, or of something else that shares the bucket. */
  | { readonly kind: 'foreign' };

const STATE = /^state\/([1-9]\d*)\/./;
const RESTORED = /^restored\/([^/]+)\/(.+)$/;
const METADATA = /^checkpoints\/([1-9]\d*)-([1-9]\d*)\/metadata$/;

export function ownerOf(key: string): ObjectOwner {
  const [root, name = '', ...rest] = key.split('/');
  if (root !== 'jobs' || !isName(name) || rest.length === 0) {
    return { kind: 'foreign' };
  }
  const jobId = parseJobId(name);
  const path = rest.join('/');
  const [, attempt] = STATE.exec(path) ?? [];
  if (attempt !== undefined) {
    return { kind: 'state', jobId, attempt: parseAttemptNumber(Number(attempt)) };
  }
  const [, lineage, inner] = RESTORED.exec(path) ?? [];
  if (lineage !== undefined) {
    return { kind: 'restored', jobId, lineage, isMetadata: inner === 'metadata' };
  }
  const [, epoch, checkpoint] = METADATA.exec(path) ?? [];
  if (epoch !== undefined && checkpoint !== undefined) {
    const ids = {
      leaderEpoch: parseLeaderEpoch(BigInt(epoch)),
      checkpoint: parseCheckpointId(BigInt(checkpoint)),
    };
    return { kind: 'metadata', jobId, ...ids };
  }
  return { kind: 'strange', jobId };
}

/** True for what names other objects: a metadata object. */
export function isMetadataKey(key: string): boolean {
  const owner = ownerOf(key);
  return owner.kind === 'metadata' || (owner.kind === 'restored' && owner.isMetadata);
}
