import { expect, test } from 'vitest';
import { chooseStart } from './start-queries.ts';

test('the first discovery begins where the user says', () => {
  expect(chooseStart('earliest', 't', 0, true)).toStrictEqual({ kind: 'timestamp', timestamp: -2n });
  expect(chooseStart('latest', 't', 0, true)).toStrictEqual({ kind: 'timestamp', timestamp: -1n });
  expect(chooseStart({ timestampMs: 5 }, 't', 0, true)).toStrictEqual({ kind: 'timestamp', timestamp: 5n });
  expect(chooseStart({ offsets: { 't-0': 8 } }, 't', 0, true)).toStrictEqual({ kind: 'offset', offset: 8n });
  expect(chooseStart({ offsets: { 0: 8n } }, 't', 0, true)).toStrictEqual({ kind: 'offset', offset: 8n });
});

test('a partition that offsets do not name begins at its earliest record', () => {
  expect(chooseStart({ offsets: { 't-0': 8 } }, 't', 1, true)).toStrictEqual({ kind: 'timestamp', timestamp: -2n });
});

test('a partition found later begins at its earliest record whatever the user says', () => {
  expect(chooseStart('latest', 't', 3, false)).toStrictEqual({ kind: 'timestamp', timestamp: -2n });
  expect(chooseStart({ offsets: { 't-3': 8 } }, 't', 3, false)).toStrictEqual({ kind: 'timestamp', timestamp: -2n });
});
