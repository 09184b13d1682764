import fc from 'fast-check';
import { expect, test } from 'vitest';
import { offsetMinutesAt } from './zone.ts';

/** Zones whose clocks change at odd hours, by half an hour, across midnight, or hardly ever. */
const ZONES = ['America/Chicago', 'Europe/Prague', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Asia/Kathmandu'];
const HOUR_MS = 3_600_000;

test('an offset that was remembered is the one that the platform gives, also in the hours of a change', () => {
  const change = fc.constantFrom(
    ...[Date.UTC(2026, 2, 8, 2), Date.UTC(2026, 10, 1, 1), Date.UTC(2026, 2, 29, 2), Date.UTC(2026, 9, 25, 2)],
    ...[Date.UTC(2026, 3, 5, 1), Date.UTC(2018, 10, 4, 0), Date.UTC(2018, 1, 17, 23), Date.UTC(1985, 11, 31, 23)],
  );
  const time = fc.tuple(change, fc.integer({ min: -4 * HOUR_MS, max: 4 * HOUR_MS })).map(([at, by]) => at + by);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...ZONES), time), { minLength: 1, maxLength: 20 }), (asked) => {
      for (const [zone, localMs] of asked) {
        expect(offsetMinutesAt(zone, localMs), `${zone} at ${localMs}`).toBe(referenceOffset(zone, localMs));
      }
    }),
    { numRuns: 200 },
  );
});

/** An instant of that local time: the earlier of two; where there is none, by the offset before the gap. */
function referenceOffset(zone: string, localMs: number): number {
  const before = offsetAt(zone, localMs - 24 * HOUR_MS);
  const after = offsetAt(zone, localMs + 24 * HOUR_MS);
  const fits = (offset: number): boolean => offsetAt(zone, localMs - offset * 60_000) === offset;
  return fits(before) ? before : fits(after) ? after : before;
}

function offsetAt(zone: string, instantMs: number): number {
  const name = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
    .formatToParts(instantMs)
    .find(({ type }) => type === 'timeZoneName')?.value;
  const [, sign, hours, minutes] = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(name ?? '') ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0));
}
