import { expect, test } from 'vitest';
import type { Hl7Message } from '../message/hl7-message.ts';
import { parseMessage } from '../message/parse-message.ts';
import { messageOf } from '../message/parsed-message-testing.ts';
import type { ProfileSet } from '../profiles/profile-set.ts';
import { parseProfiles } from '../profiles/profile-set.ts';
import type { Hl7Profile } from '../profiles/profile-wire.ts';
import { checkProfile } from './check-profile.ts';

const MSH = 'MSH|^~\\&|REG|STJ|HUB|STJ|20260301||ADT^A01^ADT_A01|1|P|2.5';

test('a message that holds what the core profile asks for passes', () => {
  expect(sentences(messageOf(MSH, 'EVN|A01', 'PID|1||7', 'PV1|1|I'), named('core'))).toStrictEqual([]);
});

test('missing and surplus segments and missing fields are named with the rule, never with a value', () => {
  const message = messageOf(MSH, 'EVN|A01', 'PID|1|||||SECRET', 'PV1|1', 'PV1|2|I');

  expect(sentences(message, named('core'))).toStrictEqual([
    'PID-3 is required and missing (profile core 1.0.0).',
    'PV1 may occur 1 times and occurs 2 (profile core 1.0.0).',
    'PV1-2 is required and missing (profile core 1.0.0).',
  ]);
});

test('a message that stops within a segment, before one it needs, was cut off', () => {
  const parsed = parseMessage(Buffer.from(`${MSH}\rEVN|A01\rPID|1||7^^^STJ^MR||DO`));
  const problems = parsed.kind === 'parsed' ? checkProfile(parsed.message, named('core')).problems : [];

  expect(problems.map((problem) => problem.code)).toStrictEqual(['E_TRUNCATED']);
});

test('repetitions, lengths, values and tables of a field are checked', () => {
  const profile = ownProfile({
    'PID-3': { repetitionsMax: 1 },
    'PID-5.1': { lengthMax: 3 },
    'PID-8': { table: 1 },
    'PV1-2': { values: ['I', 'O'] },
    'PID-19': { usage: 'forbidden' },
  });
  const message = messageOf(MSH, 'PID|1||7~8||LONG^A|||X|||||||||||123', 'PV1|1|E');

  expect(sentences(message, profile)).toStrictEqual([
    'PID-3 may repeat 1 times and does 2 times (profile own 1.2.3).',
    'PID-5.1 may have 3 characters and has 4 (profile own 1.2.3).',
    'PID-8 must be a value of table 1 (profile own 1.2.3).',
    'PV1-2 must be one of I, O (profile own 1.2.3).',
    'PID-19 must not be used (profile own 1.2.3).',
  ]);
});

test('the letter of the standard: structure, required fields, repetitions and tables of the version', () => {
  const found = sentences(messageOf(MSH, 'EVN|A01', 'PID|1||7', 'OBR|1|x', 'ZZZ|1'), named('standard'));

  expect(found).toContain('PV1 is required in ADT_A01 and missing (profile standard 1.0.0).');
  expect(found).toContain('OBR has no place here in ADT_A01 (profile standard 1.0.0).');
  expect(found).toContain('EVN-2 (Recorded Date/Time) is required and missing (profile standard 1.0.0).');
  expect(found.join('\n')).not.toContain('ZZZ');
});

test('a profile is chosen by the name that the facility gives, else by MSH-9, MSH-12 and MSH-21', () => {
  const elr = { format: 1, name: 'elr', version: '1.0.0', appliesTo: { profileIds: ['PHLab'] }, rules: [] };
  const v23 = {
    format: 1,
    name: 'v23',
    version: '1.0.0',
    appliesTo: { messageTypes: ['ORU'], versions: ['2.3'] },
    rules: [],
  };
  const profiles = profileSet([elr, v23]);
  const lab = messageOf(`MSH|^~\\&|L|S|H|S|20260301||ORU^R01|1|P|2.5.1|||||||||Other~PHLab^x`);

  expect(profiles.choose(lab, undefined)?.name).toBe('elr');
  expect(profiles.choose(messageOf('MSH|^~\\&|L|S|H|S|1||ORU^R01|1|P|2.3'), undefined)?.name).toBe('v23');
  expect(profiles.choose(messageOf(MSH), undefined)).toBeUndefined();
  expect(profiles.choose(lab, 'core')?.name).toBe('core');
});

test('a profile file with mistakes is refused with every one of them', () => {
  const result = parseProfiles([{ format: 2, name: 'x', version: '1', rules: [{ fields: { PID3: {} } }] }]);

  expect(result).toMatchObject({ kind: 'invalid' });
  expect(result.kind === 'invalid' ? result.problems.length : 0).toBeGreaterThanOrEqual(3);
});

test('a long list of findings is bounded', () => {
  const segments = Array.from({ length: 200 }, () => 'OBX|');

  expect(sentences(messageOf(MSH, ...segments), named('standard'))).toHaveLength(20);
});

function sentences(message: Hl7Message, profile: Hl7Profile): string[] {
  return checkProfile(message, profile).problems.map((problem) => problem.sentence);
}

function ownProfile(fields: NonNullable<Hl7Profile['rules'][number]['fields']>): Hl7Profile {
  return { name: 'own', version: '1.2.3', rules: [{ fields }] };
}

function named(name: string): Hl7Profile {
  const profile = profileSet([]).choose(messageOf(MSH), name);
  if (profile === undefined) {
    throw new Error(`There is no profile ${name}.`);
  }
  return profile;
}

function profileSet(files: readonly unknown[]): ProfileSet {
  const parsed = parseProfiles(files);
  if (parsed.kind === 'invalid') {
    throw new Error(parsed.problems.join(' '));
  }
  return parsed.profiles;
}
