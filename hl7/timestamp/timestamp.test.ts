import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { civilFromEpoch, epochFromCivil } from './civil-date.ts';
import { parseTimestamp } from './parse-timestamp.ts';
import { toDtmUtc, toIsoUtc } from './to-iso-utc.ts';
import { isKnownZone } from './zone.ts';

const epoch = fc.integer({ min: Date.UTC(1, 0, 1) + 63_000_000_000, max: Date.UTC(9999, 11, 31) });

test('civil dates agree with the platform over four digits of years', () => {
  fc.assert(
    fc.property(epoch, (epochMs) => {
      expect(toIsoUtc(epochMs)).toBe(new Date(epochMs).toISOString());
      expect(epochFromCivil(civilFromEpoch(epochMs))).toBe(epochMs);
    }),
  );
});

test('a DTM written is the DTM read', () => {
  fc.assert(
    fc.property(epoch, (epochMs) => {
      expect(parseTimestamp(toDtmUtc(epochMs))).toMatchObject({ kind: 'timestamp', epochMs, offsetMinutes: 0 });
    }),
  );
});

describe('precision', () => {
  test.each([
    ['2026', '2026-01-01T00:00:00.000Z', 'year'],
    ['202603', '2026-03-01T00:00:00.000Z', 'month'],
    ['20260301', '2026-03-01T00:00:00.000Z', 'day'],
    ['2026030108', '2026-03-01T08:00:00.000Z', 'hour'],
    ['202603010830', '2026-03-01T08:30:00.000Z', 'minute'],
    ['20260301083015', '2026-03-01T08:30:15.000Z', 'second'],
    ['20260301083015.1', '2026-03-01T08:30:15.100Z', 'fraction'],
    ['20260301083015.1234', '2026-03-01T08:30:15.123Z', 'fraction'],
    ['20260301083015.123456', '2026-03-01T08:30:15.123Z', 'fraction'],
    ['20260301083015.1+0100', '2026-03-01T07:30:15.100Z', 'fraction'],
    ['20260301083015+0100', '2026-03-01T07:30:15.000Z', 'second'],
    ['202603010830-0330', '2026-03-01T12:00:00.000Z', 'minute'],
    ['20260329023000+0200', '2026-03-29T00:30:00.000Z', 'second'],
    ['20240229', '2024-02-29T00:00:00.000Z', 'day'],
    ['2026-03-01T08:30:15', '2026-03-01T08:30:15.000Z', 'second'],
    ['2026-03-01T08:30:15.5+01:00', '2026-03-01T07:30:15.500Z', 'fraction'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z', 'day'],
  ])('%s is %s to the %s', (text, iso, precision) => {
    const read = parseTimestamp(text);

    expect(read).toMatchObject({ kind: 'timestamp', precision });
    expect(read.kind === 'timestamp' && toIsoUtc(read.epochMs)).toBe(iso);
  });

  test.each([
    '',
    '20',
    '202',
    '20260230',
    '20260301240000',
    '202603010860',
    '20260301083060',
    '00000000',
    '20261301',
    '20250115 1430',
    '2007100914484648',
    '20110613122406637',
    '20260301083015.',
    '202603010830.5',
    '20260301+01',
    '20260301083015+2500',
    '20260301083015+0160',
    '2026-3-1',
    '2026-02-30',
    'today',
    '20260301x',
  ])('%j is none', (text) => {
    expect(parseTimestamp(text).kind).toBe('bad-timestamp');
  });

  test('ISO 8601 is read and called out of spec', () => {
    expect(parseTimestamp('2026-03-01T08:30:15')).toHaveProperty('outOfSpec', 'iso-8601');
    expect(parseTimestamp('20260301083015')).not.toHaveProperty('outOfSpec');
  });
});

describe('the sender’s zone', () => {
  test.each([
    ['20260115120000', 'Europe/Prague', '2026-01-15T11:00:00.000Z'],
    ['20260715120000', 'Europe/Prague', '2026-07-15T10:00:00.000Z'],
    ['20260329013000', 'Europe/Prague', '2026-03-29T00:30:00.000Z'],
    ['20260329023000', 'Europe/Prague', '2026-03-29T01:30:00.000Z'], // skipped hour: the offset before
    ['20260329033000', 'Europe/Prague', '2026-03-29T01:30:00.000Z'],
    ['20261025023000', 'Europe/Prague', '2026-10-25T00:30:00.000Z'], // repeated hour: the first
    ['20261025033000', 'Europe/Prague', '2026-10-25T02:30:00.000Z'],
    ['20260301120000', 'America/St_Johns', '2026-03-01T15:30:00.000Z'],
    ['20260301120000', '-03:30', '2026-03-01T15:30:00.000Z'],
    ['20260301120000+0000', 'Europe/Prague', '2026-03-01T12:00:00.000Z'],
  ])('%s in %s is %s', (text, zone, iso) => {
    const read = parseTimestamp(text, zone);

    expect(read.kind === 'timestamp' && toIsoUtc(read.epochMs)).toBe(iso);
  });

  test('an unknown zone is a bad timestamp, never the server’s zone', () => {
    expect(isKnownZone('Mars/Olympus')).toBe(false);
    expect(isKnownZone('Europe/Prague')).toBe(true);
    expect(parseTimestamp('20260301120000', 'Mars/Olympus').kind).toBe('bad-timestamp');
  });

  test('an offset is given back, an applied zone is not', () => {
    expect(parseTimestamp('20260301120000-0330')).toHaveProperty('offsetMinutes', -210);
    expect(parseTimestamp('20260301120000', 'Europe/Prague')).not.toHaveProperty('offsetMinutes');
  });
});
