import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseMessage } from './parse-message.ts';
import { MSH, parsed } from './message-testing.ts';

const PID = 'PID|1|""|A^^^X&1.2&ISO^MR~B^^^Y~~""^^^Z||DOE&VAN^JANE^""||19800101|F||';

describe('access by number', () => {
  const message = parsed(`${MSH}\r${PID}\rOBX|1|ST|K||a\\F\\b~c\\T\\d`);

  test('MSH-1 is the separator and MSH-2 the encoding characters', () => {
    expect(message.value(0, 1)).toBe('|');
    expect(message.value(0, 2)).toBe('^~\\&');
    expect(message.value(0, 3)).toBe('REG');
    expect(message.value(0, 12)).toBe('2.5.1');
  });

  test('components, repetitions and subcomponents count from 1', () => {
    expect(message.value(1, 3, 1, 4, 2)).toBe('1.2');
    expect(message.value(1, 3, 2)).toBe('B');
    expect(message.value(1, 3, 2, 4)).toBe('Y');
    expect(message.value(1, 5, 1, 1, 2)).toBe('VAN');
  });

  test('the number of pieces is 0 where there is nothing', () => {
    expect(message.repetitionCount(1, 3)).toBe(4);
    expect(message.componentCount(1, 3, 1)).toBe(5);
    expect(message.componentCount(1, 3, 3)).toBe(0);
    expect(message.subcomponentCount(1, 3, 1, 4)).toBe(3);
    expect(message.repetitionCount(1, 6)).toBe(0);
    expect(message.repetitionCount(1, 99)).toBe(0);
    expect(message.fieldCount(1)).toBe(10);
    expect(message.fieldCount(0)).toBe(12);
  });

  test('null, empty and absent are told apart, and none of them is a value', () => {
    expect(message.presence(1, 2)).toBe('null');
    expect(message.presence(1, 4)).toBe('empty');
    expect(message.presence(1, 11)).toBe('absent');
    expect(message.presence(1, 3, 4, 1)).toBe('null');
    expect(message.presence(1, 5, 1, 3)).toBe('null');
    expect(message.presence(1, 5, 1, 4)).toBe('absent');
    expect(message.presence(1, 8)).toBe('value');
    expect([message.value(1, 2), message.value(1, 4), message.value(1, 11)]).toStrictEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('escapes are decoded in values, raw bytes stay raw', () => {
    expect(message.value(2, 5)).toBe('a|b');
    expect(message.fieldText(2, 5, 2)).toBe('c&d');
    expect(message.rawField(2, 5).toString()).toBe('a\\F\\b~c\\T\\d');
    expect(message.rawField(2, 50)).toHaveLength(0);
    expect(message.rawSegment(1).toString()).toBe(PID);
    expect(message.componentText(1, 3, 1, 4)).toBe('X&1.2&ISO');
  });

  test('what is not there is nothing, never an exception', () => {
    expect(message.segmentName(9)).toBe('');
    expect(message.value(9, 1)).toBeUndefined();
    expect(message.value(-1, 1)).toBeUndefined();
    expect(message.value(1, 3, 0)).toBeUndefined();
    expect(message.value(1, 3, 1, 0)).toBeUndefined();
    expect(message.fieldPosition(9, 1)).toBe(-1);
    expect(message.findSegment('ZZZ')).toBe(-1);
  });
});

test('a path finds the same as the numbers', () => {
  const message = parsed(`${MSH}\r${PID}\rOBX|1|ST|K||a\rOBX|2|ST|K||b`);

  expect(message.get('PID-3(2).4')).toBe('Y');
  expect(message.get('PID-3-4-2')).toBe('1.2');
  expect(message.get('OBX(2)-5')).toBe('b');
  expect(message.get('OBX(3)-5')).toBeUndefined();
  expect(message.get('PV1-2')).toBeUndefined();
  expect(message.get('OBX')).toBe('OBX|1|ST|K||a');
  expect(() => message.get('what?')).toThrow(TypeError);
  expect(() => message.get('ORDER/OBX-5')).toThrow(/GroupResolver/);
});

test('fields of any content come back in any order of access', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'Ž', ' ', '"', '0', '漢'), minLength: 1, maxLength: 6 });
  const tree = fc.array(
    fc.array(fc.array(fc.array(text, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    }),
    { minLength: 1, maxLength: 6 },
  );
  fc.assert(
    fc.property(tree, fc.array(fc.nat({ max: 1000 }), { maxLength: 40 }), (fields, order) => {
      const raw = fields.map((reps) => reps.map((comps) => comps.map((subs) => subs.join('&')).join('^')).join('~'));
      const message = parsed(`${MSH}||||||UNICODE UTF-8\rZZZ|${raw.join('|')}`);
      const leaves = fields.flatMap((reps, f) =>
        reps.flatMap((comps, r) =>
          comps.flatMap((subs, c) => subs.map((value, s) => ({ at: [f + 1, r + 1, c + 1, s + 1] as const, value }))),
        ),
      );

      for (const pick of [...order, ...leaves.keys()]) {
        const leaf = leaves[pick % leaves.length]!;
        expect(message.value(1, ...leaf.at)).toBe(leaf.value === '""' ? undefined : leaf.value);
      }
    }),
  );
});

test('decoding keeps or renders formatting, as the option says', () => {
  const text = `${MSH}\rNTE|1||a\\.br\\b\\H\\c\\N\\`;

  expect(parsed(text).value(1, 3)).toBe('a\\.br\\b\\H\\c\\N\\');
  expect(parsed(text, { formatting: 'render' }).value(1, 3)).toBe('a\nbc');
});

test('a 5 MB document is parsed and its neighbours read without copying it', () => {
  const bytes = Buffer.concat([
    Buffer.from(`${MSH}\rOBX|1|ED|K||^^^Base64^`),
    Buffer.alloc(5_000_000, 'A'),
    Buffer.from('||||||F\rNTE|1||x\r'),
  ]);
  const result = parseMessage(bytes);
  const message = result.kind === 'parsed' ? result.message : undefined;

  expect(message?.get('OBX-11')).toBe('F');
  expect(message?.get('NTE-3')).toBe('x');
  expect(message?.rawField(1, 5).buffer).toBe(bytes.buffer);
});

test.each(['~', '^', '&', '|'])('a megabyte of %s is read to its end in one pass each', (separator) => {
  const message = parsed(`${MSH}\rOBX|1|ST|K||${separator.repeat(1_000_000)}x`);

  expect(message.fieldCount(1) + message.repetitionCount(1, 5) + message.componentCount(1, 5)).toBeGreaterThanOrEqual(
    5,
  );
});
