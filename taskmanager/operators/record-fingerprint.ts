import { createHash } from 'node:crypto';
import type { Quarantine } from '../../shared/functions/quarantine.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';

/** A record as it is handed to an operator. */
export interface GuardedRecord {
  readonly value: unknown;
  readonly timestampMs: number | undefined;
  readonly key: string | undefined;
  readonly input: 0 | 1;
}

export interface FingerprintRules {
  readonly identify: Quarantine<unknown>['identify'];
  /** Of the values that come in, by input. */
  readonly serializers: readonly [Serializer<unknown>, Serializer<unknown>];
}

const BY_BYTES = 0;
const BY_IDENTITY = 1;
const TIMESTAMP_BYTES = 8;

/**
 * What a record is known by in whatever attempt it is processed: sha256, in hex. Undefined where it cannot be told: the value
 * cannot be written, or the user's `identify` throws.
 *
 * Hashed are `1 ‖ what identify gives`, or `0 ‖ input u8 ‖ timestamp f64 (NaN: none) ‖ length of the key u32 (2³²−1: none) ‖ key ‖
 * value`: no two records that differ in one of these give the same bytes.
 */
export function fingerprintRecord(record: GuardedRecord, rules: FingerprintRules): string | undefined {
  try {
    const hash = createHash('sha256');
    if (rules.identify !== undefined) {
      return hash.update(Buffer.of(BY_IDENTITY)).update(rules.identify(record.value)).digest('hex');
    }
    const key = Buffer.from(record.key ?? '', 'utf8');
    const head = Buffer.alloc(2 + TIMESTAMP_BYTES + 4);
    let at = head.writeUInt8(BY_BYTES, 0);
    at = head.writeUInt8(record.input, at);
    at = head.writeDoubleLE(record.timestampMs ?? NaN, at);
    head.writeUInt32LE(record.key === undefined ? 0xffff_ffff : key.length, at);
    return hash.update(head).update(key).update(rules.serializers[record.input].encode(record.value)).digest('hex');
  } catch {
    // Only a name is missing: what made it throw is no news to whoever handles the record's failure.
    return undefined;
  }
}
