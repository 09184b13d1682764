import { Packr } from 'msgpackr';
import type { Binary } from './binary.ts';
import { bytesOf } from './binary.ts';

/**
 * A stored value as tools show it that know no more than the checkpoint says (its bytes: taskmanager/state/value-codec.ts).
 * `opaque`: written by a serializer of the job's own.
 */
export type StoredValue = {
  readonly version: number;
  /** When it was last used; undefined: the state had no time to live. */
  readonly usedAtMs: number | undefined;
} & ({ readonly kind: 'decoded'; readonly value: unknown } | { readonly kind: 'opaque'; readonly bytes: Buffer });

const HAS_TIME = 0x80;
const TIME_BYTES = 8;
const unpackr = new Packr({ useRecords: false, moreTypes: true, copyBuffers: true });

export function decodeStoredValue(binary: Binary, serializer: string): StoredValue {
  const bytes = bytesOf(binary);
  const first = bytes[0] ?? 0;
  const hasTime = first >= HAS_TIME;
  const usedAtMs = hasTime ? bytes.readInt32BE(1) * 0x100000000 + bytes.readUInt32BE(5) : undefined;
  const payload = bytes.subarray(hasTime ? 1 + TIME_BYTES : 1);
  const head = { version: first & ~HAS_TIME, usedAtMs };
  switch (serializer) {
    case 'msgpackr/1': {
      const value: unknown = unpackr.unpack(payload);
      return { ...head, kind: 'decoded', value };
    }
    case 'string/1':
      return { ...head, kind: 'decoded', value: payload.toString('utf8') };
    default:
      return { ...head, kind: 'opaque', bytes: payload };
  }
}
