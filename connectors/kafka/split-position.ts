import type { SplitState } from '../../shared/connector/source.ts';
import type { SplitId } from '../../shared/ids.ts';
import { parseSplitId } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';

/** A partition as a split, and how far it is read. Its JSON is part of checkpoints: fields may be added, never changed. */
export interface SplitPosition {
  readonly topic: string;
  readonly partition: number;
  /** The offset of the next record to hand over. */
  readonly next: bigint;
  /** Bounded: reading ends when `next` reaches it. */
  readonly end: bigint | undefined;
}

export function splitIdOf(topic: string, partition: number): SplitId {
  return parseSplitId(`${topic}-${partition}`);
}

export function splitState({ topic, partition, next, end }: SplitPosition): SplitState {
  const position = { topic, partition, next: next.toString(), ...(end === undefined ? {} : { end: end.toString() }) };
  return { id: splitIdOf(topic, partition), position: JSON.stringify(position) };
}

/** Reads what `splitState` wrote; anything else is a broken checkpoint and an invariant violation. */
export function parseSplitState({ id, position }: SplitState): SplitPosition {
  const json: unknown = JSON.parse(position);
  invariant(typeof json === 'object' && json !== null, `the position of split ${id} is no object`);
  const topic = 'topic' in json ? json.topic : undefined;
  const partition = 'partition' in json ? json.partition : undefined;
  const next = 'next' in json ? json.next : undefined;
  const end = 'end' in json ? json.end : undefined;
  invariant(
    typeof topic === 'string' && typeof partition === 'number',
    `the position of split ${id} names no partition`,
  );
  invariant(isOffset(next), `the position of split ${id} has no offset`);
  invariant(end === undefined || isOffset(end), `the end of split ${id} is no offset`);
  return { topic, partition, next: BigInt(next), end: end === undefined ? undefined : BigInt(end) };
}

function isOffset(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9]+$/.test(value);
}
