import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultSerializer } from '../../shared/serialization/default-serializer.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import { fingerprintRecord } from './record-fingerprint.ts';
import type { FingerprintRules, GuardedRecord } from './record-fingerprint.ts';

const plain: FingerprintRules = { identify: undefined, serializers: [defaultSerializer, defaultSerializer] };

/** Bytes as they are. */
const asIs: Serializer<unknown> = {
  id: 'bytes',
  encode: (value) => (Buffer.isBuffer(value) ? value : Buffer.of()),
  decode: (bytes) => bytes,
};

const anyValue = fc.oneof(
  fc.jsonValue(),
  fc.record({ key: fc.string(), count: fc.integer(), at: fc.date({ noInvalidDate: true }) }, { requiredKeys: [] }),
);
const anyRecord: fc.Arbitrary<GuardedRecord> = fc.record({
  value: anyValue,
  timestampMs: fc.option(fc.integer(), { nil: undefined }),
  key: fc.option(fc.string(), { nil: undefined }),
  input: fc.constantFrom(0, 1),
});

test('a record has the same fingerprint whatever was written before it', () => {
  fc.assert(
    fc.property(anyRecord, fc.array(anyValue, { maxLength: 20 }), (record, others) => {
      const before = fingerprintRecord(record, plain);
      for (const other of others) {
        defaultSerializer.encode(other);
      }

      expect(before).toMatch(/^[0-9a-f]{64}$/);
      expect(fingerprintRecord(record, plain)).toBe(before);
      // As the next attempt has it.
      expect(fingerprintRecord({ ...record, value: structuredClone(record.value) }, plain)).toBe(before);
    }),
    { numRuns: 200 },
  );
});

test('records that differ in key, time, input or bytes have different fingerprints', () => {
  const rules: FingerprintRules = { identify: undefined, serializers: [asIs, asIs] };
  const bytes = fc.uint8Array({ maxLength: 4 });
  const small = fc.record({
    value: bytes.map((array) => Buffer.from(array)),
    timestampMs: fc.constantFrom(undefined, 0, 1),
    key: fc.constantFrom(undefined, '', 'a', 'aa', '\u0000'),
    input: fc.constantFrom(0 as const, 1 as const),
  });
  fc.assert(
    fc.property(small, small, (a, b) => {
      const isSame =
        a.timestampMs === b.timestampMs && a.key === b.key && a.input === b.input && a.value.equals(b.value);

      expect(fingerprintRecord(a, rules) === fingerprintRecord(b, rules)).toBe(isSame);
    }),
    { numRuns: 500 },
  );
});
