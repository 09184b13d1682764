import { formatMetadata } from '../../shared/checkpoint/format-metadata.ts';
import { folderOf, metadataKey } from '../../shared/checkpoint/object-keys.ts';
import type { CheckpointMetadata, OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseKeyGroup,
  parseLeaderEpoch,
  parseOperatorUid,
  parseSplitId,
} from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { sha256Hex } from '../../shared/snapshot-store/snapshot-store.ts';
import type { SnapshotStore, StoreCall } from '../../shared/snapshot-store/snapshot-store.ts';

export const call: StoreCall = { deadlineMs: 5_000, signal: new AbortController().signal };

export interface StoredCheckpoint {
  readonly metadataKey: string;
  readonly metadata: CheckpointMetadata;
}

/** Writes a checkpoint as a job would have left it: objects under its state, one segment inline, a source, a sink's output. */
export async function storeCheckpoint(
  store: SnapshotStore,
  contents: readonly string[],
  change: Partial<CheckpointMetadata> = {},
): Promise<StoredCheckpoint> {
  const metadata = { ...metadataOf(contents.map((text, i) => segmentOf(text, i))), ...change };
  for (const [i, text] of contents.entries()) {
    await store.put(objectKey(i), Buffer.from(text), call);
  }
  const key = metadataKey(metadata, metadata.checkpoint);
  await store.put(key, formatMetadata(metadata, folderOf(key)), call);
  return { metadataKey: key, metadata };
}

export function segmentOf(text: string, index: number): SegmentRef {
  const order = { checkpoint: parseCheckpointId(BigInt(index + 1)), part: 0 };
  return {
    kind: 'delta',
    location: { kind: 'object', key: objectKey(index) },
    length: Buffer.byteLength(text),
    sha256: sha256Hex(Buffer.from(text)),
    range: { first: parseKeyGroup(0), last: parseKeyGroup(127) },
    from: order,
    to: order,
  };
}

export function metadataOf(segments: readonly SegmentRef[]): CheckpointMetadata {
  const inline = Buffer.from('inline');
  const small: SegmentRef = {
    ...segmentOf('', 90),
    location: { kind: 'inline', bytes: inline },
    length: inline.length,
    sha256: sha256Hex(inline),
  };
  const nothing = { lists: [], splits: [], committables: [], isFinished: false, watermarkMs: undefined };
  return {
    jobId: parseJobId('hl7'),
    checkpoint: parseCheckpointId(100n),
    kind: 'checkpoint',
    leaderEpoch: parseLeaderEpoch(4n),
    attempt: parseAttemptNumber(3),
    triggeredAtMs: 1_000,
    completedAtMs: 2_000,
    lineage: 'first',
    fingerprint: 'f',
    artifact: 'a',
    operators: [
      operatorOf('raw', [
        { ...nothing, keyed: [], splits: [{ id: parseSplitId('hl7.raw-0'), position: '7', isFinished: false }] },
      ]),
      operatorOf('parse', [{ ...nothing, keyed: [] }]),
      {
        ...operatorOf('correlate', [{ ...nothing, keyed: [...segments, small] }]),
        states: [{ name: 'visits', id: 1, kind: 'value', version: 2, serializer: 'msgpackr/1' }],
      },
      operatorOf('route', [{ ...nothing, keyed: [], committables: ['{"id":"txn"}'] }]),
    ],
  };
}

export function operatorOf(uid: string, subtasks: OperatorMetadata['subtasks']): OperatorMetadata {
  return {
    uid: parseOperatorUid(uid),
    name: uid,
    parallelism: subtasks.length,
    maxParallelism: 128,
    hashId: KEY_HASH_ID,
    states: [],
    subtasks,
    coordinatorState: undefined,
  };
}

function objectKey(index: number): string {
  return `jobs/hl7/state/3/correlate/0/abc-${index}`;
}
