import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseOperatorUid } from '../../shared/ids.ts';
import { countFailedRecord, NOTHING_QUARANTINED, QUARANTINED_MAX } from './quarantine.ts';
import type { Quarantine, RecordCount } from './quarantine.ts';

const HOUR_MS = 3_600_000;

test('a record is quarantined with its last failure that is borne, and the count of others is their own', () => {
  const kinds = ['a', 'b', 'a', 'b', 'a', 'b'].map(counter()).map(({ kind }) => kind);

  expect(kinds).toStrictEqual(['borne', 'borne', 'borne', 'borne', 'quarantined', 'quarantined']);
});

test('the same bytes in another operator are another record', () => {
  const count = counter();

  const kinds = [count('a', 'first'), count('a', 'second'), count('a', 'first'), count('a', 'second')];

  expect(kinds.map(({ kind }) => kind)).toStrictEqual(['borne', 'borne', 'borne', 'borne']);
});

test('what is quarantined says how often and with what it failed', () => {
  const count = counter();
  count('a');
  count('a');

  expect(count('a')).toMatchObject({
    record: { operator: 'parse', fingerprint: 'a', error: 'TypeError', failures: 3 },
    quarantine: { suspects: [], quarantined: [{ fingerprint: 'a' }] },
  });
});

test('of an operator without a quarantine nothing is counted', () => {
  const failed = { operator: parseOperatorUid('parse'), fingerprint: 'a', error: 'E', hasQuarantine: false };

  const count = countFailedRecord(NOTHING_QUARANTINED, failed, { failuresMax: 1, nowMs: 0 });

  expect(count).toStrictEqual({ kind: 'borne', quarantine: NOTHING_QUARANTINED });
});

test('failures a day apart are no series', () => {
  const count = counter();
  count('a', 'parse', 0);
  count('a', 'parse', 24 * HOUR_MS - 1);

  expect(count('a', 'parse', 48 * HOUR_MS).kind).toBe('borne');
  expect(count('a', 'parse', 48 * HOUR_MS + 1).kind).toBe('borne');
  expect(count('a', 'parse', 48 * HOUR_MS + 2).kind).toBe('quarantined');
});

test('a list that is full takes no more records, and keeps counting those that are borne', () => {
  const quarantined = Array.from({ length: QUARANTINED_MAX }, (_, i) => ({
    operator: parseOperatorUid('parse'),
    fingerprint: `old-${i}`,
    error: 'E',
    failures: 3,
  }));
  const count = counter({ suspects: [], quarantined });

  expect(['a', 'a', 'a'].map((name) => count(name).kind)).toStrictEqual(['borne', 'borne', 'full']);
});

test('whatever fails in whatever order: nothing is quarantined early, nothing twice in a row, and the lists are bounded', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.integer({ min: 0, max: 100 }), pauseMs: fc.nat(HOUR_MS) }), { maxLength: 400 }),
      fc.integer({ min: 1, max: 5 }),
      (failures, failuresMax) => {
        const seen = new Map<string, number>();
        let quarantine = NOTHING_QUARANTINED;
        let nowMs = 0;
        for (const { name, pauseMs } of failures) {
          nowMs += pauseMs;
          const fingerprint = String(name);
          const failed = { operator: parseOperatorUid('parse'), fingerprint, error: 'E', hasQuarantine: true };
          seen.set(fingerprint, (seen.get(fingerprint) ?? 0) + 1);
          const count = countFailedRecord(quarantine, failed, { failuresMax, nowMs });
          if (count.kind === 'full') {
            throw new Error('so many were not quarantined');
          }
          ({ quarantine } = count);
          if (count.kind === 'quarantined') {
            expect(count.record.failures).toBe(failuresMax);
            expect(seen.get(fingerprint)).toBeGreaterThanOrEqual(failuresMax);
            expect(quarantine.suspects.map((suspect) => suspect.fingerprint)).not.toContain(fingerprint);
            seen.set(fingerprint, 0);
          }
        }
        expect(quarantine.suspects.length).toBeLessThanOrEqual(64);
        expect(quarantine.suspects.every((suspect) => suspect.failures < failuresMax)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
});

/** Counts one failure after another; three are borne. */
function counter(quarantine: Quarantine = NOTHING_QUARANTINED) {
  let now = quarantine;
  return (fingerprint: string, operator: string | number = 'parse', nowMs: unknown = 0): RecordCount => {
    const uid = parseOperatorUid(typeof operator === 'string' ? operator : 'parse');
    const failed = { operator: uid, fingerprint, error: 'TypeError', hasQuarantine: true };
    const at = typeof nowMs === 'number' ? nowMs : 0;
    const count = countFailedRecord(now, failed, { failuresMax: 3, nowMs: at });
    now = count.kind === 'full' ? now : count.quarantine;
    return count;
  };
}
