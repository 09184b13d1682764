import { expect, test } from 'vitest';
import { parseFacilityRegistry } from './parse-facility-registry.ts';

test('a facility inherits the defaults, and what it says itself wins', () => {
  const result = parseFacilityRegistry({
    version: 1,
    defaults: { zone: 'Europe/Prague', validation: { profile: 'warn' }, key: { types: ['MR', 'PI'] } },
    facilities: [{ id: 'F1', match: [{ facility: 'STJ' }], zone: 'UTC', authorities: ['STJ'], duplicates: 'pass' }],
  });

  expect(result.kind === 'registry' ? result.registry.find('STJ', 'REG') : result).toMatchObject({
    kind: 'known',
    settings: {
      facilityId: 'F1',
      zone: 'UTC',
      duplicates: 'pass',
      key: { types: ['MR', 'PI'], authorities: ['STJ'] },
      validation: { syntax: 'dead-letter', profile: 'warn', contract: 'dead-letter' },
    },
  });
});

test('MSH-3 with MSH-4 wins over MSH-4 alone, which wins over MSH-3 alone', () => {
  const result = parseFacilityRegistry({
    version: 1,
    facilities: [
      { id: 'both', match: [{ facility: 'STJ', application: 'LAB' }] },
      { id: 'facility', match: [{ facility: 'STJ' }] },
      { id: 'application', match: [{ application: 'LAB' }] },
    ],
  });
  const find = (facility: string | undefined, application: string | undefined): string =>
    result.kind === 'registry' ? result.registry.find(facility, application).settings.facilityId : '';

  expect(find('STJ', 'LAB')).toBe('both');
  expect(find('STJ', 'REG')).toBe('facility');
  expect(find(undefined, 'LAB')).toBe('application');
  expect(find('OTHER', 'REG')).toBe('UNKNOWN');
});

test('every problem of the file is reported at once, with its place', () => {
  const result = parseFacilityRegistry(
    {
      version: 1,
      defaults: { zone: 'Mars/Olympus' },
      facilities: [
        { id: 'A', match: [{ facility: 'STJ' }], charset: 'KLINGON', profile: 'none', key: { types: ['SS'] } },
        { id: 'A', match: [{ facility: 'STJ' }] },
      ],
    },
    new Set(['core']),
  );

  expect(result.kind === 'invalid' ? result.problems : []).toStrictEqual([
    '/defaults/zone is no time zone this runtime knows: use an IANA name such as Europe/Prague.',
    '/facilities/0/charset is no character set of HL7 table 0211: use a name such as 8859/1 or UNICODE UTF-8.',
    '/facilities/0/profile names no profile there is: one of core.',
    '/facilities/0/key/types must not hold a social security number (SS): a patient is never keyed by it.',
    '/facilities/1/id is the same as /facilities/0/id: list one facility with all its senders.',
    '/facilities/1/match/0 (MSH-4 STJ) is already a sender of /facilities/0.',
  ]);
});

test('a file of another shape is refused with every misplaced key', () => {
  const result = parseFacilityRegistry({ version: 2, facilities: [{ id: '', mtach: [] }], extra: 1 });

  expect(result.kind === 'invalid' ? result.problems.join('\n') : '').toMatch(/"mtach"[\s\S]*|"extra"/);
  expect(result.kind === 'invalid' ? result.problems.length : 0).toBeGreaterThanOrEqual(4);
});
