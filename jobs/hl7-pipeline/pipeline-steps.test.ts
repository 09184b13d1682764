import { describe, expect, test } from 'vitest';
import { compileContracts } from '../../hl7/validate/check-contract.ts';
import type { OutputRecord } from '../../index.ts';
import { policyOf, runSteps, sourceRecord } from './run-steps-testing.ts';

const NAME = 'PLANTEDNAME';
const pid = `PID|1||4711^^^NGH^MR||${NAME}^ALICE||19800229|F`;

describe('the HL7 pipeline', () => {
  test('an ORU becomes a typed record on its topic, keyed by its patient', async () => {
    const [record, ...more] = await runSteps([sourceRecord(framed(oru()))]);

    expect(more).toStrictEqual([]);
    expect(record).toMatchObject({ topic: 'hl7.oru', key: 'NGH|4711', headers: { src: '3:42:1769999999000' } });
    expect(jsonOf(record)).toMatchObject({
      messageType: 'ORU',
      trigger: 'R01',
      version: '2.5.1',
      controlId: 'C1',
      eventTime: '2026-03-01T14:30:00.000Z',
      sourceSystem: 'LAB',
      facilityId: 'NORTHGATE',
      ingestionTs: '2026-02-02T02:40:00.000Z',
      patient: { identifiers: [{ id: '4711', authority: 'NGH', type: 'MR' }] },
      observations: [{ value: '74' }],
    });
  });

  test('an order, a charge, a document and an admission go to their own topics', async () => {
    const types = {
      'ADT^A01': 'EVN|A01|20260301',
      'ORM^O01': 'ORC|NW|P1',
      'DFT^P03': 'FT1|1|||20260301||CG|1',
      'MDM^T02': 'TXA|1|PN',
    };
    const records = Object.entries(types).map(([type, segment]) => sourceRecord(message(type, [pid, segment])));

    expect((await runSteps(records)).map(({ topic }) => topic)).toStrictEqual([
      'hl7.adt',
      'hl7.orm',
      'hl7.dft',
      'hl7.mdm',
    ]);
  });

  test('a message without a patient goes to other, without a key', async () => {
    const records = await runSteps([sourceRecord(message('ACK', ['MSA|AA|C1']))]);

    expect(records).toMatchObject([{ topic: 'hl7.other', key: undefined }]);
  });

  test('another type with a patient goes to other under the patient key', async () => {
    const records = await runSteps([sourceRecord(message('SIU^S12', [pid]))]);

    expect(records).toMatchObject([{ topic: 'hl7.other', key: 'NGH|4711' }]);
  });

  test('an unknown sender passes with a warning, and its times are UTC', async () => {
    const [record] = await runSteps([sourceRecord(oru().replace('|NGH|', '|ELSEWHERE|'))]);

    expect(record?.headers).toMatchObject({ warnings: 'W_UNKNOWN_FACILITY' });
    expect(jsonOf(record)).toMatchObject({ facilityId: 'UNKNOWN', eventTime: '2026-03-01T08:30:00.000Z' });
  });

  test('a message without a readable time takes the time of its input record', async () => {
    const [record] = await runSteps([sourceRecord(oru().replace('20260301083000', ''))]);

    expect(jsonOf(record)).toMatchObject({ eventTime: '2026-02-02T02:39:59.000Z', eventTimeFrom: 'received' });
  });

  test('a dead letter keeps the raw bytes and says where, at which stage and why', async () => {
    const raw = Buffer.from(message('ADT^A01', [`PID|1||||${NAME}`]).replaceAll('\r', '\n'));

    const [letter] = await runSteps([sourceRecord(raw)]);

    expect(letter?.value.equals(raw)).toBe(true);
    expect(letter).toMatchObject({
      topic: 'hl7.dlq',
      headers: { src: '3:42:1769999999000', stage: 'key', reason: 'E_NO_PATIENT_ID' },
    });
    expect(letter?.headers['detail']).toMatch(/PID-3/);
  });

  test('a record larger than allowed is a dead letter by reference', async () => {
    const records = await runSteps([sourceRecord('', { oversizeBytes: 30_000_000 })]);

    expect(records).toMatchObject([{ topic: 'hl7.dlq', headers: { reason: 'E_TOO_LARGE', stage: 'frame' } }]);
    expect(records[0]?.value).toHaveLength(0);
    expect(records[0]?.headers['detail']).toMatch(/30000000 bytes/);
  });

  test('members of a batch carry their index, and one bad member sinks none of the others', async () => {
    const batch = ['FHS|^~\\&', 'BHS|^~\\&', oru('B1'), oru('').trimEnd(), oru('B3'), 'BTS|3', 'FTS|1'].join('\r');

    const records = await runSteps([sourceRecord(batch)]);

    expect(records.map(({ topic, headers }) => [topic, headers['srcIndex'], headers['reason']])).toStrictEqual([
      ['hl7.oru', '0', undefined],
      ['hl7.dlq', '1', 'E_NO_CONTROL_ID'],
      ['hl7.oru', '2', undefined],
    ]);
  });

  test('a batch too large for the parser to split is split the same way', async () => {
    const many = Array.from({ length: 400 }, (_, i) => oru(`B${i}`)).join('\r');
    const batch = `BHS|^~\\&\r${many}\rBTS|400`;

    const records = await runSteps([sourceRecord(batch)]);

    expect(batch.length).toBeGreaterThan(64 * 1024);
    expect(records).toHaveLength(400);
    expect(records.map(({ headers }) => headers['srcIndex'])).toStrictEqual(
      Array.from({ length: 400 }, (_, i) => String(i)),
    );
  });

  test('frames of one record are told apart, and what stands in no frame is a dead letter', async () => {
    const stream = `${framed(oru('F1'))}stray${framed(oru('F2'))}\u000bcut off`;

    const records = await runSteps([sourceRecord(stream)]);

    expect(records.map(({ topic, headers }) => [topic, headers['srcIndex'], headers['reason']])).toStrictEqual([
      ['hl7.oru', undefined, undefined],
      ['hl7.dlq', '1', 'E_FRAME'],
      ['hl7.oru', '2', undefined],
      ['hl7.dlq', '3', 'E_FRAME'],
    ]);
  });

  test('every record leaves something: an empty one and an empty frame are dead letters', async () => {
    const records = await runSteps([sourceRecord(''), sourceRecord(framed('')), sourceRecord('FHS|^~\\&\rFTS|0')]);

    expect(records.map(({ headers }) => headers['reason'])).toStrictEqual(['E_EMPTY', 'E_EMPTY', 'E_NOT_HL7']);
  });

  test('the name of the input file stands in every record made of it', async () => {
    const records = await runSteps([
      sourceRecord(oru(), { headers: { file: 'a/b.hl7' } }),
      sourceRecord('x', { headers: { file: 'c.hl7' } }),
    ]);

    expect(records.map(({ headers }) => headers['file'])).toStrictEqual(['a/b.hl7', 'c.hl7']);
  });

  test('a switch of the operator overrules what senders are checked for', async () => {
    const noControlId = sourceRecord(oru(''));

    const strict = await runSteps([noControlId]);
    const lenient = await runSteps([noControlId], policyOf({ validateSyntax: 'warn' }));
    const blind = await runSteps([noControlId], policyOf({ validateSyntax: 'off', validateContract: 'off' }));

    expect(strict).toMatchObject([{ topic: 'hl7.dlq', headers: { reason: 'E_NO_CONTROL_ID', stage: 'validate' } }]);
    expect(lenient).not.toMatchObject([{ headers: { reason: 'E_NO_CONTROL_ID' } }]);
    expect(blind).toMatchObject([{ topic: 'hl7.oru', headers: { src: '3:42:1769999999000' } }]);
  });

  test('a typed record that breaks its contract is a dead letter of stage contract, with the key and the raw message', async () => {
    const compiled = compileContracts({ oru: { type: 'object', required: ['encounterId'] } });
    const policy = { ...policyOf(), ...(compiled.kind === 'contracts' ? { contracts: compiled.contracts } : {}) };

    const [letter] = await runSteps([sourceRecord(oru())], policy);
    const [warned] = await runSteps([sourceRecord(oru())], {
      ...policy,
      judge: { ...policy.judge, modes: { contract: 'warn' } },
    });

    expect(letter).toMatchObject({
      topic: 'hl7.dlq',
      key: 'NGH|4711',
      headers: { stage: 'contract', reason: 'E_CONTRACT' },
    });
    expect(letter?.value.toString()).toBe(oru());
    expect(warned).toMatchObject({ topic: 'hl7.oru', headers: { warnings: 'W_CONTRACT' } });
  });

  test('a typed record larger than a message may be is a dead letter', async () => {
    const policy = policyOf({ maxMessageBytes: 600 });
    const raw = oru().replace('|74|', `|${'\u0001'.repeat(150)}|`);

    const records = await runSteps([sourceRecord(raw)], policy);

    expect(raw.length).toBeLessThan(600);
    expect(records).toMatchObject([{ topic: 'hl7.dlq', headers: { stage: 'contract', reason: 'E_TOO_LARGE' } }]);
  });

  test('a message that declares a character set itself is not read in that of its sender', async () => {
    const facilities = JSON.stringify({
      version: 1,
      facilities: [{ id: 'F', match: [{ facility: 'NGH' }], charset: 'UNICODE UTF-8' }],
    });
    const declared = oru().replace('|2.5.1\r', '|2.5.1||||||NO SUCH SET\r').replace('ALICE', 'JOS\u00c9');
    const undeclared = oru().replace('ALICE', 'JOS\u00c9');

    const records = await runSteps(
      [Buffer.from(declared, 'latin1'), Buffer.from(undeclared, 'latin1'), Buffer.from(undeclared, 'utf8')].map((raw) =>
        sourceRecord(raw),
      ),
      policyOf({ facilities }),
    );

    expect(records.map(({ topic, headers }) => [topic, headers['reason']])).toStrictEqual([
      ['hl7.oru', undefined],
      ['hl7.dlq', 'E_CHARSET'],
      ['hl7.oru', undefined],
    ]);
    expect(records[0]?.value.toString()).toContain('JOS\u00c9');
    expect(records[2]?.value.toString()).toContain('JOS\u00c9');
  });

  test('a patient name never stands in the detail of a dead letter', async () => {
    const whole = framed(oru());
    const cuts = Array.from({ length: whole.length }, (_, at) => sourceRecord(whole.slice(0, at)));
    const holes = Array.from({ length: whole.length }, (_, at) =>
      sourceRecord(`${whole.slice(0, at)}${NAME}${whole.slice(at + 1)}`),
    );

    const letters = (await runSteps([...cuts, ...holes])).filter(({ topic }) => topic === 'hl7.dlq');

    expect(letters.length).toBeGreaterThan(100);
    for (const { headers } of letters) {
      const { src, file, ...told } = headers;
      expect(JSON.stringify(told), `${String(src)} ${String(file)}`).not.toContain(NAME);
    }
  });
});

function message(type: string, segments: readonly string[], controlId = 'C1'): string {
  return [`MSH|^~\\&|LAB|NGH|HUB|HIE|20260301083000||${type}|${controlId}|P|2.5.1`, ...segments, ''].join('\r');
}

function oru(controlId = 'C1'): string {
  return message(
    'ORU^R01^ORU_R01',
    [pid, 'OBR|1|P1|F1|1^Panel^L|||20260301', 'OBX|1|NM|2345-7^Glucose^LN||74|mg/dL|70-99|N|||F'],
    controlId,
  );
}

function framed(text: string): string {
  return `\u000b${text}\u001c\r`;
}

function jsonOf(record: OutputRecord | undefined): unknown {
  return JSON.parse(record?.value.toString() ?? 'null');
}
