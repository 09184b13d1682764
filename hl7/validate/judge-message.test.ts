import { expect, test } from 'vitest';
import { emptyFacilityRegistry, type FacilityRegistry } from '../facility/facility-registry.ts';
import { parseFacilityRegistry } from '../facility/parse-facility-registry.ts';
import { parseProfiles } from '../profiles/profile-set.ts';
import { judgeMessage, type Verdict } from './judge-message.ts';

const PID = 'PID|1|OLD77^^^STJ|SS123^^^USSSA^SS~991^^^OTHER^MR~K0001^^^STJ^MR~E55^^^STJ^PI||DOE^JANE';

test('an accepted message has its route, its key and its warnings', () => {
  expect(judge(`MSH|^~\\&|REG|STJ|HUB|STJ|202603||ADT^A08|1|P|\r${PID}`)).toMatchObject({
    kind: 'accepted',
    route: 'adt',
    key: 'OTHER|991',
    warnings: [{ code: 'W_NO_VERSION' }],
  });
});

test('the first stage that refuses decides', () => {
  expect(judge('PID|1')).toMatchObject({ kind: 'rejected', problem: { stage: 'parse', code: 'E_NOT_HL7' } });
  expect(judge('MSH|^~\\&|R|S|H|S|20260301||ADT^A08||P|2.5\rPID|1')).toMatchObject({
    problem: { stage: 'validate', code: 'E_NO_CONTROL_ID' },
  });
  expect(judge('MSH|^~\\&|R|S|H|S|20260301||ADT^A08|1|P|2.5\rPID|1')).toMatchObject({
    problem: { stage: 'key', code: 'E_NO_PATIENT_ID' },
  });
});

test('a message of a type without a topic of its own needs no patient', () => {
  expect(judge('MSH|^~\\&|R|S|H|S|20260301||ACK|1|P|2.5\rMSA|AA|1')).toMatchObject({
    kind: 'accepted',
    route: 'other',
    key: undefined,
  });
});

test('a key from PID-2 is said', () => {
  const verdict = judge('MSH|^~\\&|R|S|H|S|20260301||ADT^A08|1|P|2.5\rPID|1|7');

  expect(verdict).toMatchObject({ kind: 'accepted', key: '|7', warnings: [{ code: 'W_KEY_FROM_PID2' }] });
});

test('the facility decides the authority of the key and how strict each check is', () => {
  const facilities = registry({
    version: 1,
    facilities: [
      {
        id: 'F1',
        match: [{ facility: 'STJ' }],
        authorities: ['STJ'],
        profile: 'core',
        validation: { profile: 'dead-letter' },
      },
      { id: 'F2', match: [{ facility: 'LAX' }], profile: 'core', validation: { syntax: 'warn', profile: 'warn' } },
    ],
  });
  const adt = (facility: string, controlId: string): string =>
    `MSH|^~\\&|REG|${facility}|H|S|20260301||ADT^A01|${controlId}|P|2.5\r${PID}\r`;

  expect(judge(`${adt('STJ', '1')}PV1|1|I\r`, facilities)).toMatchObject({ kind: 'accepted', key: 'STJ|K0001' });
  expect(judge(adt('STJ', '1'), facilities)).toMatchObject({ kind: 'rejected', problem: { code: 'E_PROFILE' } });
  expect(judge(adt('LAX', ''), facilities)).toMatchObject({
    kind: 'accepted',
    warnings: [{ code: 'W_NO_CONTROL_ID' }, { code: 'W_PROFILE' }],
  });
});

test.each([
  ['pass', { kind: 'accepted', warnings: [] }],
  ['warn', { kind: 'accepted', warnings: [{ code: 'W_UNKNOWN_FACILITY' }], settings: { facilityId: 'NONE' } }],
  ['dead-letter', { kind: 'rejected', problem: { code: 'E_UNKNOWN_FACILITY', stage: 'validate' } }],
] as const)('an unknown sender: %s', (action, expected) => {
  const facilities = registry({ version: 1, unknownFacility: { facilityId: 'NONE', action }, facilities: [] });

  expect(judge(`MSH|^~\\&|REG|WHO|H|S|20260301||ADT^A08|1|P|2.5\r${PID}`, facilities)).toMatchObject(expected);
});

test('a sender that declares no character set is read in the one it is known to use', () => {
  const facilities = registry({
    version: 1,
    facilities: [{ id: 'F', match: [{ facility: 'STJ' }], charset: '8859/2' }],
  });
  const bytes = Buffer.concat([
    Buffer.from('MSH|^~\\&|REG|STJ|H|S|20260301||ADT^A08|1|P|2.5\rPID|1||7||DVO'),
    Buffer.from([0xd8, 0xc1]),
    Buffer.from('K\r'),
  ]);

  const verdict = judgeMessage(bytes, { facilities });

  expect(verdict.message?.get('PID-5')).toBe('DVOŘÁK');
});

function judge(text: string, facilities: FacilityRegistry = emptyFacilityRegistry): Verdict {
  const parsed = parseProfiles([]);
  return judgeMessage(Buffer.from(text), {
    facilities,
    profiles: parsed.kind === 'profiles' ? parsed.profiles : undefined,
  });
}

function registry(json: unknown): FacilityRegistry {
  const parsed = parseFacilityRegistry(json);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join(' '));
  }
  return parsed.registry;
}
