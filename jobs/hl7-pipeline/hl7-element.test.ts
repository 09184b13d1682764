import { expect, test } from 'vitest';
import fc from 'fast-check';
import { Hl7Element, hl7ElementSerializer } from './hl7-element.ts';
import type { Hl7ElementFields } from './hl7-element.ts';
import { outputRecordSerializer } from './output-record-serializer.ts';
import { Senders } from './sender.ts';

const plain = { noNullPrototype: true } as const;
const route = fc.constantFrom('adt', 'oru', 'orm', 'dft', 'mdm', 'other' as const);
const mode = fc.constantFrom('off', 'warn', 'dead-letter' as const);
const text = fc.string({ unit: 'grapheme' });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));

test('an element is the same on the other side of an edge', () => {
  fc.assert(
    fc.property(elementFields(), (fields) => {
      const arrived = hl7ElementSerializer.decode(Buffer.from(hl7ElementSerializer.encode(new Hl7Element(fields))));

      expect(arrived.fields).toStrictEqual(fields);
    }),
  );
});

test('an element is written into a buffer whole, or not at all when the room may not do', () => {
  fc.assert(
    fc.property(elementFields(), fc.nat(1_200), fc.nat(50), (fields, size, offset) => {
      const target = Buffer.alloc(size + offset);
      const end = hl7ElementSerializer.encodeInto?.(new Hl7Element(fields), target, offset) ?? -1;
      const arrived = end === -1 ? fields : hl7ElementSerializer.decode(target.subarray(offset, end)).fields;

      expect(arrived).toStrictEqual(fields);
    }),
  );
});

test('the room of an element that fits exactly as encoded is never refused by more than its texts could need', () => {
  fc.assert(
    fc.property(elementFields(), (fields) => {
      const element = new Hl7Element(fields);
      const units = fields.origin.src.length + fields.sender.text.length + (fields.key ?? '').length;
      const more = (fields.origin.file ?? '').length + fields.warnings.length;
      const target = Buffer.alloc(hl7ElementSerializer.encode(element).length + 3 * (units + more));

      expect(hl7ElementSerializer.encodeInto?.(element, target, 0)).not.toBe(-1);
    }),
  );
});

test('an output record is the same on the other side of an edge', () => {
  const header = fc.oneof(text, bytes);
  const record = fc.record(
    {
      topic: text,
      key: maybe(text),
      value: bytes,
      headers: fc.dictionary(
        text.filter((name) => name !== '__proto__'),
        header,
        { noNullPrototype: true },
      ),
    },
    plain,
  );
  fc.assert(
    fc.property(record, (sent) => {
      expect(outputRecordSerializer.decode(Buffer.from(outputRecordSerializer.encode(sent)))).toStrictEqual(sent);
    }),
  );
});

test('damaged bytes between subtasks are an error, never another message', () => {
  expect(() => hl7ElementSerializer.decode(Buffer.alloc(64, 9))).toThrow(/unknown format/);
});

function elementFields(): fc.Arbitrary<Hl7ElementFields> {
  const senders = new Senders();
  const settings = fc.record({ facilityId: text, sourceSystem: text, zone: maybe(text), charset: maybe(text) });
  return fc.record(
    {
      bytes,
      origin: fc.record(
        { src: text, srcIndex: maybe(fc.nat()), file: maybe(text), receivedMs: fc.maxSafeNat() },
        plain,
      ),
      ingestedMs: fc.maxSafeNat(),
      sender: fc.tuple(settings, mode, mode.map(duplicatesOf)).map(([fields, contract, duplicates]) => {
        const json = JSON.stringify([
          fields.facilityId,
          fields.sourceSystem,
          fields.zone ?? null,
          fields.charset ?? null,
          contract,
          duplicates,
        ]);
        return senders.fromText(json);
      }),
      route,
      key: maybe(text),
      warnings: text,
    },
    plain,
  );
}

function duplicatesOf(mode: string): string {
  return mode === 'off' ? 'pass' : mode === 'warn' ? 'drop' : 'dead-letter';
}
