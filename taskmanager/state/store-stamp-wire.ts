import { parseCheckpointId } from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import { binaryOfText, textOfBinary } from '../../shared/checkpoint/binary.ts';
import { META_PREFIX } from './state-key.ts';

export const STAMP_KEY: Binary = `${META_PREFIX}stamp`;
/** Raised when the layout of keys, values or overlays changes: an older store is then restored anew. */
export const STORE_FORMAT = 1;

/** Whose state the store holds. */
export interface StoreIdentity {
  readonly job: string;
  readonly uid: string;
  /** The run of the job whose checkpoints can be told apart by their ids: a job restored from a savepoint begins a new one. */
  readonly lineage: string;
  readonly firstKeyGroup: number;
  readonly lastKeyGroup: number;
  readonly maxParallelism: number;
  readonly hashId: string;
}

/**
 * What the store holds, written in the last batch of every change of it.
 *
 * S1  `checkpoint` is applied whole; undefined: nothing has been applied, the store is empty.
 * S2  With `applying`, some writes of checkpoints up to that one may be there as well (a crash between two batches). Applying
 *     all of them again makes the store whole; going back is not possible.
 */
export interface StoreStamp extends StoreIdentity {
  readonly checkpoint: CheckpointId | undefined;
  readonly applying: CheckpointId | undefined;
}

export function formatStamp(stamp: StoreStamp): Binary {
  const { checkpoint, applying, ...identity } = stamp;
  const ids = { checkpoint: idText(checkpoint), applying: idText(applying) };
  return binaryOfText(JSON.stringify({ format: STORE_FORMAT, ...identity, ...ids }));
}

/** Undefined for what is no stamp of this format: the store is then of no use. */
export function parseStamp(value: Binary | undefined): StoreStamp | undefined {
  const wire: unknown = value === undefined ? undefined : parseJson(textOfBinary(value));
  if (typeof wire !== 'object' || wire === null || !('format' in wire) || wire.format !== STORE_FORMAT) {
    return undefined;
  }
  const fields = wire as unknown as Readonly<Record<string, string | number>>;
  const text = (name: string): string => String(fields[name]);
  const id = (name: string): CheckpointId | undefined =>
    /^[1-9]\d*$/.test(text(name)) ? parseCheckpointId(BigInt(text(name))) : undefined;
  return {
    job: text('job'),
    uid: text('uid'),
    lineage: text('lineage'),
    firstKeyGroup: Number(text('firstKeyGroup')),
    lastKeyGroup: Number(text('lastKeyGroup')),
    maxParallelism: Number(text('maxParallelism')),
    hashId: text('hashId'),
    checkpoint: id('checkpoint'),
    applying: id('applying'),
  };
}

export type LocalRecovery =
  /** The store holds exactly the wanted checkpoint. */
  | { readonly kind: 'reuse' }
  /** Segments newer than `after` make it the wanted checkpoint. */
  | { readonly kind: 'catch-up'; readonly after: CheckpointId }
  | { readonly kind: 'restore'; readonly reason: string };

/** Whether what is on this disk can serve for restoring `wanted`; anything doubtful is a full restore. */
export function decideLocalRecovery(
  stamp: StoreStamp | undefined,
  identity: StoreIdentity,
  wanted: CheckpointId,
): LocalRecovery {
  if (stamp?.checkpoint === undefined) {
    return { kind: 'restore', reason: 'the local store is empty or of another format' };
  }
  const different = IDENTITY_FIELDS.find((field) => stamp[field] !== identity[field]);
  if (different !== undefined) {
    return { kind: 'restore', reason: `the local store is of another ${different}` };
  }
  const reached = stamp.applying ?? stamp.checkpoint;
  if (reached > wanted) {
    return { kind: 'restore', reason: `the local store holds checkpoint ${reached}, which is ahead of ${wanted}` };
  }
  return stamp.checkpoint === wanted && stamp.applying === undefined
    ? { kind: 'reuse' }
    : { kind: 'catch-up', after: stamp.checkpoint };
}

const IDENTITY_FIELDS = [
  'job',
  'uid',
  'lineage',
  'firstKeyGroup',
  'lastKeyGroup',
  'maxParallelism',
  'hashId',
] as const satisfies readonly (keyof StoreIdentity)[];

function idText(id: CheckpointId | undefined): string {
  return id === undefined ? '' : String(id);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
