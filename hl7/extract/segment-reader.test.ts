import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messageOf } from '../message/parsed-message-testing.ts';
import { SegmentReader } from './segment-reader.ts';

/** Field content with every separator, the HL7 null, escapes and non-ASCII text. */
const content = fc.string({
  unit: fc.constantFrom('a', 'é', '^', '~', '&', '|', '""', '\\T\\', ' '),
  maxLength: 40,
});

test('a segment reader gives what the message gives, field by field', () => {
  fc.assert(
    fc.property(content, (text) => {
      const message = messageOf('MSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5', `ZZZ|${text}`);
      const reader = new SegmentReader(message);
      reader.open(1);

      for (let field = 1; field <= message.fieldCount(1) + 1; field++) {
        expect(reader.text(field)).toStrictEqual(
          expectedText(message.value(1, field), message.presence(1, field, 1, 1, 1)),
        );
        const read = reader.typedList(field, (r) => [
          r.component(1),
          r.component(2),
          r.subcomponent(2, 2),
          r.componentCount,
        ]);
        expect(read ?? []).toStrictEqual(
          repetitionsWithValue(field).map((repetition) => [
            textAt(field, repetition, 1, 1),
            textAt(field, repetition, 2, 1),
            textAt(field, repetition, 2, 2),
            message.componentCount(1, field, repetition),
          ]),
        );
        expect(reader.typed(field, (r) => r.component(1))).toStrictEqual(
          message.presence(1, field) === 'null' ? null : textAt(field, 1, 1, 1),
        );
      }

      function textAt(
        field: number,
        repetition: number,
        component: number,
        subcomponent: number,
      ): string | null | undefined {
        const value = message.value(1, field, repetition, component, subcomponent);
        return expectedText(value, message.presence(1, field, repetition, component, subcomponent));
      }

      function repetitionsWithValue(field: number): number[] {
        const all = Array.from({ length: message.repetitionCount(1, field) }, (_, index) => index + 1);
        return all.filter((repetition) => message.presence(1, field, repetition) === 'value');
      }
    }),
    { numRuns: 500 },
  );
});

test('a segment with more fields and components than the tables hold is read to its end', () => {
  const message = messageOf(
    'MSH|^~\\&|A|B|C|D|20260301||ADT^A08|1|P|2.5',
    `ZZZ|${Array.from({ length: 1000 }, (_, i) => i).join('^')}|${Array.from({ length: 2000 }, (_, i) => i).join('|')}`,
  );
  const reader = new SegmentReader(message);
  reader.open(1);

  expect(reader.text(2001)).toBe('1999');
  expect(reader.text(2002)).toBeUndefined();
  expect(reader.typed(1, (r) => r.component(1000))).toBe('999');
});

function expectedText(value: string | undefined, presence: string): string | null | undefined {
  return presence === 'null' ? null : value;
}
