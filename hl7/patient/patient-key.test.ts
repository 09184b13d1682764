import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Hl7Message } from '../message/hl7-message.ts';
import { parseMessage } from '../message/parse-message.ts';
import { defaultPatientKeyRules, identifierKey, keyOf, patientKey } from './patient-key.ts';

test('the first identifier of type MR wins over an earlier one of another type', () => {
  const message = withPid('1||99^^^LAB^PI~4711^^^STJ^MR~4712^^^OTHER^MR');

  expect(patientKey(message)).toStrictEqual({ kind: 'key', key: 'STJ|4711', from: 'PID-3-MR' });
});

test('without an MR the first repetition that has an identifier is the key', () => {
  const message = withPid('1||^^^EMPTY^PI~815^^^LAB^PI');

  expect(patientKey(message)).toStrictEqual({ kind: 'key', key: 'LAB|815', from: 'PID-3' });
});

test('an identifier without an authority keeps an empty one', () => {
  expect(patientKey(withPid('1||42'))).toMatchObject({ key: '|42' });
});

test('PID-2 is the key only when PID-3 gives none', () => {
  expect(patientKey(withPid('1|E77^^^EXT||'))).toStrictEqual({ kind: 'key', key: 'EXT|E77', from: 'PID-2' });
  expect(patientKey(withPid('1|E77^^^EXT|42'))).toMatchObject({ key: '|42' });
});

test('the HL7 null and blanks are no identifiers', () => {
  expect(patientKey(withPid('1|""|""~   ^^^STJ^MR'))).toStrictEqual({ kind: 'no-patient', reason: 'no-identifier' });
  expect(patientKey(withPid('1||""^^^STJ^MR~7^^^LAB^PI'))).toMatchObject({ key: 'LAB|7' });
});

test('a social security number is never the key, not even when it is the only identifier or the rules ask for it', () => {
  const message = withPid('1|123456789^^^^SS|123456789^^^SSA^SS');

  expect(patientKey(message)).toStrictEqual({ kind: 'no-patient', reason: 'no-identifier' });
  expect(patientKey(message, { ...defaultPatientKeyRules, types: ['SS'] }).kind).toBe('no-patient');
});

test('a message without a PID has no patient', () => {
  const message = parsed('MSH|^~\\&|A|B|C|D|20260101||QRY^A19|1|P|2.5\rQRD|x\r');

  expect(patientKey(message)).toStrictEqual({ kind: 'no-patient', reason: 'no-pid' });
});

test('authorities of the facility are preferred, and a foreign MR never beats our own identifier', () => {
  const message = withPid('1||991^^^OTHER^MR~K0001^^^STJ^MR~E55^^^STJ^PI');
  const rules = { ...defaultPatientKeyRules, authorities: ['STJ'] };

  expect(patientKey(message, rules)).toMatchObject({ key: 'STJ|K0001' });
  expect(patientKey(withPid('1||991^^^OTHER^MR~E55^^^STJ^PI'), rules)).toMatchObject({ key: 'STJ|E55', from: 'PID-3' });
  expect(patientKey(withPid('1||991^^^OTHER^MR'), rules)).toMatchObject({ key: 'OTHER|991' });
  expect(patientKey(withPid('1||991^^^OTHER^MR'), { ...rules, authoritiesOnly: true }).kind).toBe('no-patient');
});

test('a default authority counts as the authority of identifiers that name none', () => {
  const rules = { ...defaultPatientKeyRules, authorities: ['STJ'], authoritiesOnly: true, defaultAuthority: 'STJ' };

  expect(patientKey(withPid('1||991^^^OTHER^MR~42'), rules)).toMatchObject({ key: 'STJ|42' });
});

test('the prior identifiers of a merge follow the same rules', () => {
  const message = parsed('MSH|^~\\&|A|B|C|D|20260101||ADT^A40|1|P|2.5\rPID|1||2^^^S^MR\rMRG|9^^^L^PI~1^^^S^MR\r');

  expect(identifierKey(message, message.findSegment('MRG'), 1)).toMatchObject({ key: 'S|1' });
});

test('no two pairs of authority and identifier share a key', () => {
  const part = fc.string({ unit: fc.constantFrom('a', '|', '\\', 'F', 'E'), maxLength: 6 });
  fc.assert(
    fc.property(part, part, part, part, (authorityA, idA, authorityB, idB) => {
      const isSamePair = authorityA === authorityB && idA === idB;

      expect(keyOf(authorityA, idA) === keyOf(authorityB, idB)).toBe(isSamePair);
    }),
    { numRuns: 2000 },
  );
});

function withPid(fields: string): Hl7Message {
  return parsed(`MSH|^~\\&|REG|STJ|HUB|STJ|20260301080000||ADT^A08|1|P|2.5\rPID|${fields}\r`);
}

function parsed(text: string): Hl7Message {
  const result = parseMessage(Buffer.from(text));
  if (result.kind !== 'parsed') {
    throw new Error(result.problem.sentence);
  }
  return result.message;
}
