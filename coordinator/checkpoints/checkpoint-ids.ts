import { parseCheckpointId } from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';
import type { WriteProgress } from './write-progress.ts';

/**
 * Checkpoint ids are reserved in blocks and taken from them.
 *
 * D1  An id is taken only from a block whose reservation is durable, and each once.
 * D2  A leader begins behind everything that was ever reserved: what its predecessor took, and what it did not, is burnt.
 */
export interface CheckpointIds {
  /** The last id taken, or burnt. */
  readonly lastTaken: bigint;
  readonly reservedTo: bigint;
  /** The mod_revision of the record; 0: there is none. */
  readonly revision: bigint;
  readonly reserving: { readonly to: CheckpointId; readonly write: WriteProgress } | undefined;
}

export function openIds(reservedTo: bigint, revision: bigint): CheckpointIds {
  return { lastTaken: reservedTo, reservedTo, revision, reserving: undefined };
}

export function hasId({ lastTaken, reservedTo }: CheckpointIds): boolean {
  return lastTaken < reservedTo;
}

/** True when half of a block is left, so that no checkpoint has to wait for etcd. */
export function needsReservation({ lastTaken, reservedTo, reserving }: CheckpointIds, block: number): boolean {
  return reserving === undefined && (reservedTo - lastTaken) * 2n <= BigInt(block);
}

export function nextReservation({ reservedTo }: CheckpointIds, block: number): CheckpointId {
  return parseCheckpointId(reservedTo + BigInt(block));
}

export function takeId(ids: CheckpointIds): { readonly id: CheckpointId; readonly ids: CheckpointIds } {
  invariant(hasId(ids), 'no checkpoint id is reserved');
  const id = parseCheckpointId(ids.lastTaken + 1n);
  return { id, ids: { ...ids, lastTaken: id } };
}

/** The highest id that any task may have heard of; undefined: none. */
export function lastIssued({ lastTaken }: CheckpointIds): CheckpointId | undefined {
  return lastTaken > 0n ? parseCheckpointId(lastTaken) : undefined;
}
