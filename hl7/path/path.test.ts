import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MSH, parsed } from '../message/message-testing.ts';
import { compilePath } from './compile-path.ts';
import { formatPath } from './format-path.ts';
import type { GroupResolver } from './group-resolver.ts';

const path = fc.record({
  groups: fc.array(
    fc.record({
      name: fc.constantFrom('ORDER', 'ORDER_OBSERVATION', 'PATIENT_RESULT'),
      occurrence: fc.integer({ min: 1, max: 99 }),
    }),
    { maxLength: 3 },
  ),
  segment: fc.constantFrom('PID', 'OBX', 'ZP1', 'MSH'),
  occurrence: fc.integer({ min: 1, max: 999 }),
  field: fc.integer({ min: 1, max: 200 }),
  repetition: fc.integer({ min: 1, max: 99 }),
  hasRepetition: fc.constant(true),
  component: fc.integer({ min: 1, max: 30 }),
  subcomponent: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
});

test('a path formatted and compiled again is the same path', () => {
  fc.assert(
    fc.property(path, (each) => {
      expect(compilePath(formatPath(each))).toEqual({ kind: 'path', path: each });
    }),
  );
});

test('any text compiles or is a bad path', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...Array.from('PID-().1/0OBX')), maxLength: 14 }), (text) => {
      expect(['path', 'bad-path']).toContain(compilePath(text).kind);
    }),
  );
});

test.each([
  '',
  'PI-1',
  'pid-1',
  'PID-0',
  'PID(0)-1',
  'PID-3(0)',
  'PID-3..1',
  'PID-3.1.1.1',
  'PID-',
  'a b/PID-1',
  'PID-99999',
])('%j is no path', (text) => {
  expect(compilePath(text).kind).toBe('bad-path');
});

test('a dot and a dash part components alike', () => {
  expect(compilePath('PID-3(2)-4-2')).toStrictEqual(compilePath('PID-3(2).4.2'));
});

test('a group path asks the resolver it is given', () => {
  const resolver: GroupResolver = {
    resolveSegment: (message, groups, segment, occurrence) => {
      expect([groups, segment, occurrence]).toStrictEqual([[{ name: 'ORDER_OBSERVATION', occurrence: 2 }], 'OBX', 1]);
      return message.findSegment('OBX', 2);
    },
  };

  expect(parsed(`${MSH}\rOBX|1|ST|||a\rOBX|1|ST|||b`).get('ORDER_OBSERVATION(2)/OBX(1)-5', resolver)).toBe('b');
});
