import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeRecord, extractRecord } from '../extract/extract-record.ts';
import type { TypedRecord } from '../extract/typed-record.ts';
import { parseMessage } from '../message/parse-message.ts';
import { recordSchema, schemaRoutes } from '../schemas/record-schema.ts';
import { checkContract, compileContracts, type Contracts } from './check-contract.ts';

test('the schemas kept as files are those of the code', () => {
  for (const route of schemaRoutes) {
    const file = readFileSync(new URL(`../schemas/${route}.schema.json`, import.meta.url), 'utf8');

    expect(JSON.parse(file)).toStrictEqual(JSON.parse(JSON.stringify(recordSchema(route))));
  }
});

test('a record conforms as the object that was extracted and as the JSON that it becomes', () => {
  const record = oru();

  expect(checkContract(contracts(), 'oru', record).problems).toStrictEqual([]);
  expect(checkContract(contracts(), 'oru', JSON.parse(encodeRecord(record).toString())).problems).toStrictEqual([]);
});

test('a violation names the place and the rule but nothing of the record', () => {
  const record: unknown = { ...oru(), patient: { birthDate: 'SECRET-NAME' } };

  const [problem] = checkContract(contracts(), 'oru', record).problems;

  expect(problem).toMatchObject({ code: 'E_CONTRACT', stage: 'contract' });
  expect(problem?.sentence).toContain('/patient/birthDate must match pattern');
  expect(problem?.sentence).not.toContain('SECRET');
});

test('a record of another type than its topic, or without a patient, breaks the contract', () => {
  expect(checkContract(contracts(), 'adt', oru()).problems[0]?.sentence).toContain('must be "ADT"');
  expect(checkContract(contracts(), 'oru', { ...oru(), patient: undefined }).problems[0]?.sentence).toContain(
    'patient',
  );
  expect(checkContract(contracts(), 'other', { ...oru(), patient: undefined }).problems).toStrictEqual([]);
});

test('fields that a job adds are no violation', () => {
  expect(checkContract(contracts(), 'oru', { ...oru(), encounterId: 'E1' }).problems).toStrictEqual([]);
});

test('a replaced schema is used, and one that does not compile is refused by its topic', () => {
  const strict = compileContracts({ adt: { type: 'object', required: ['encounterId'] } });
  const broken = compileContracts({ mdm: { type: 'nonsense' } });

  expect(strict.kind === 'contracts' ? checkContract(strict.contracts, 'adt', {}).problems : []).toHaveLength(1);
  expect(broken).toMatchObject({ kind: 'invalid', problems: [expect.stringContaining('Topic mdm')] });
});

function contracts(): Contracts {
  const compiled = compileContracts();
  if (compiled.kind === 'invalid') {
    throw new Error(compiled.problems.join(' '));
  }
  return compiled.contracts;
}

function oru(): TypedRecord {
  const text = [
    'MSH|^~\\&|LAB|STJ|HUB|STJ|20260301083000+0100||ORU^R01^ORU_R01|1|P|2.5.1',
    'PID|1||7^^^STJ^MR||DOE^JANE||19800229|F',
    'OBR|1|P1|F1|1^Panel^L|||20260301',
    'OBX|1|NM|2345-7^Glucose^LN||74|mg/dL|70-99|N|||F|||202603010815',
  ].join('\r');
  const parsed = parseMessage(Buffer.from(text));
  if (parsed.kind !== 'parsed') {
    throw new Error(parsed.problem.sentence);
  }
  return extractRecord(parsed.message, { sourceSystem: 'LAB', facilityId: 'F1', ingestionMs: 0, receivedMs: 0 });
}
