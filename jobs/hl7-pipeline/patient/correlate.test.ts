import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutputRecord } from '../../../index.ts';
import { INGESTED_MS, PipelineUnderTest, policyOf, sourceRecord } from '../run-steps-testing.ts';
import { seenSerializer } from './resends.ts';

const HOUR_MS = 3_600_000;

describe('what the state adds to a record', () => {
  test('a result says where its patient is, in which visit, and since when', async () => {
    const [, result] = await recordsOf([adt('A01', 'C1', pv1('I', 'W1^101^A', 'V7')), oru('C2', 'P1', 'F')]);

    expect(contextOf(result)).toMatchObject({
      status: 'admitted',
      class: 'I',
      location: { pointOfCare: 'W1', room: '101', bed: 'A' },
      visitNumber: { id: 'V7' },
      admittedAt: '2026-01-05T08:00:00.000Z',
    });
  });

  test('an admission says of itself what it leaves', async () => {
    const [admission] = await recordsOf([adt('A01', 'C1', pv1('I', 'W1', 'V7'))]);

    expect(contextOf(admission)).toMatchObject({ status: 'admitted', location: { pointOfCare: 'W1' } });
  });

  test('a result names the open order that it answers, a second one has none to answer', async () => {
    const records = await recordsOf([
      orm('C1', 'NW', 'P1', '20260105070000+0000'),
      oru('C2', 'P1', 'P'),
      oru('C3', 'P1', 'F'),
      oru('C4', 'P1', 'C'),
    ]);

    expect(records.map((record) => contextOf(record)['answers'])).toMatchObject([
      undefined,
      [{ order: 0, placer: { id: 'P1' }, orderedAt: '2026-01-05T07:00:00.000Z', isComplete: false }],
      [{ order: 0, isComplete: true }],
      undefined,
    ]);
  });

  test('a record of a patient of whom nothing is known has no context', async () => {
    const [result] = await recordsOf([oru('C1', 'P1', 'F')]);

    expect(value(result)).not.toHaveProperty('context');
  });

  test('of open orders that are never answered the last two hundred stay', async () => {
    const pipeline = await PipelineUnderTest.open();
    const minute = (i: number): string => `202601${10 + Math.floor(i / 60)}08${String(i % 60).padStart(2, '0')}+0000`;
    await run(
      pipeline,
      Array.from({ length: 300 }, (_, i) => orm(`C${i}`, 'NW', `P${i}`, minute(i))),
    );

    const results = await run(
      pipeline,
      Array.from({ length: 300 }, (_, i) => oru(`R${i}`, `P${i}`, 'F')),
    );
    const answered = results.map((result) => contextOf(result)['answers'] !== undefined);

    expect(answered.slice(100)).not.toContain(false);
    expect(answered.filter(Boolean).length).toBeLessThanOrEqual(240);
    expect(counted(pipeline, 'hl7_open_orders_forgotten')).toBe(300 - answered.filter(Boolean).length);
  });

  test("one patient's state never shows on another's records", async () => {
    const records = await recordsOf([
      adt('A01', 'C1', pv1('I', 'W1', 'V7')),
      oru('C2', 'P1', 'F').replace('|4711^', '|4712^'),
      orm('C3', 'NW', 'P1', ''),
      oru('C4', 'P1', 'F').replace('|4711^', '|4712^'),
    ]);

    expect(value(records[1])).not.toHaveProperty('context');
    expect(value(records[3])).not.toHaveProperty('context');
  });
});

describe('a message that is sent again', () => {
  const once = adt('A01', 'C1', pv1('I', 'W1', 'V7'));

  test('is dropped and counted', async () => {
    const pipeline = await PipelineUnderTest.open();

    expect(await run(pipeline, [once, once, once])).toHaveLength(1);
    expect(counted(pipeline, 'hl7_duplicates_dropped')).toBe(2);
  });

  test('is dropped after a checkpoint and with cold state as well', async () => {
    const pipeline = await PipelineUnderTest.open();
    const many = Array.from({ length: 300 }, (_, i) => oru(`C${i}`, `P${i}`, 'F'));

    const first = await run(pipeline, many);
    await pipeline.keyed.checkpoint();
    const second = await run(pipeline, many);

    expect([first.length, second.length]).toStrictEqual([300, 0]);
  });

  test('is a message again when it is remembered no more', async () => {
    const pipeline = await PipelineUnderTest.open(policyOf({ duplicatesWithin: 2 }));
    await run(pipeline, [once]);

    pipeline.keyed.nowMs = INGESTED_MS + 2 * HOUR_MS - 1;
    const within = await run(pipeline, [once]);
    pipeline.keyed.nowMs = INGESTED_MS + 2 * HOUR_MS + 1;
    const after = await run(pipeline, [once]);

    expect([within.length, after.length]).toStrictEqual([0, 1]);
  });

  test('passes or is a dead letter where that is the policy', async () => {
    const passing = await PipelineUnderTest.open(policyOf({ duplicates: 'pass' }));
    const strict = await PipelineUnderTest.open(policyOf({ duplicates: 'dead-letter' }));

    expect((await run(passing, [once, once])).map(({ topic }) => topic)).toStrictEqual(['hl7.adt', 'hl7.adt']);
    const [, letter] = await run(strict, [once, once]);
    expect(letter).toMatchObject({ topic: 'hl7.dlq', headers: { reason: 'E_DUPLICATE', stage: 'key' } });
    expect(letter?.value.toString()).toBe(once);
  });

  test('with other content under the same control id passes with a warning, and is remembered too', async () => {
    const pipeline = await PipelineUnderTest.open();
    const other = once.replace('W1', 'W2');

    const out = await run(pipeline, [once, other, other, once]);

    expect(out.map(({ headers }) => headers['warnings'])).toStrictEqual([undefined, 'W_CONTROL_ID_COLLISION']);
  });

  test('of another sender under the same control id is another message', async () => {
    const other = once.replace('EPICARE', 'OTHERAPP');

    expect(await recordsOf([once, other])).toHaveLength(2);
  });

  test('after it was refused is no resend: a dead letter is corrected at the sender or here, and replayed', async () => {
    const pipeline = await PipelineUnderTest.open(policyOf({ maxMessageBytes: 500 }));
    const lenient = await PipelineUnderTest.open();

    const refused = await run(pipeline, [once, once]);
    const replayed = await run(lenient, [once]);

    expect(refused.map(({ headers }) => headers['reason'])).toStrictEqual(['E_TOO_LARGE', 'E_TOO_LARGE']);
    expect(replayed).toHaveLength(1);
  });

  test('by a monitor that sends thousands does not fill the state', async () => {
    const pipeline = await PipelineUnderTest.open();
    const many = Array.from({ length: 3_000 }, (_, i) => oru(`C${i}`, 'P1', 'F'));

    for (const message of many) {
      pipeline.keyed.nowMs += 1;
      await run(pipeline, [message]);
    }
    const newest = await run(pipeline, many.slice(-800));
    const oldest = await run(pipeline, many.slice(0, 1_500));

    expect(oldest.length).toBeGreaterThan(1_000);
    expect(newest).toHaveLength(0);
  });

  test('what is remembered of messages survives its bytes', () => {
    const hash = fc.stringMatching(/^[0-9a-f]{32}$/);
    fc.assert(
      fc.property(fc.nat(2 ** 47), fc.array(hash, { maxLength: 5 }), (atMs, hashes) => {
        expect(seenSerializer.decode(Buffer.from(seenSerializer.encode({ atMs, hashes })))).toStrictEqual({
          atMs,
          hashes,
        });
      }),
    );
  });
});

describe('encounters', () => {
  const withEncounters = policyOf({ encounters: true });

  test('each change of a visit is told, whole, under the key of its patient, and nothing else is', async () => {
    const out = await run(await PipelineUnderTest.open(withEncounters), [
      adt('A01', 'C1', pv1('I', 'W1', 'V7')),
      adt('A08', 'C2', pv1('I', 'W1', 'V7')),
      orm('C3', 'NW', 'P1', ''),
      adt('A02', 'C4', pv1('I', 'W2', 'V7')),
      adt('A03', 'C5', pv1('I', 'W2', 'V7')),
    ]);
    const encounters = out.filter(({ topic }) => topic === 'hl7.encounters');

    expect(encounters.map((record) => [record.key, value(record)['controlId'], value(record)['status']])).toStrictEqual(
      [
        ['NGH|4711', 'C1', 'admitted'],
        ['NGH|4711', 'C4', 'admitted'],
        ['NGH|4711', 'C5', 'discharged'],
      ],
    );
    expect(value(encounters[1])).toMatchObject({
      location: { pointOfCare: 'W2' },
      visitNumber: { id: 'V7' },
      openOrders: 1,
    });
    expect(encounters[0]?.headers['src']).toBe('3:42:1769999999000');
  });

  test('a visit that is cancelled is told as such', async () => {
    const out = await run(await PipelineUnderTest.open(withEncounters), [
      adt('A01', 'C1', pv1('I', 'W1', 'V7')),
      adt('A11', 'C2', pv1('I', 'W1', 'V7')),
    ]);

    expect(value(out.at(-1))).toMatchObject({ status: 'cancelled', visitNumber: { id: 'V7' } });
  });
});

describe('a message about several patients', () => {
  const withEncounters = policyOf({ encounters: true });

  test('a merge retires the old key: what still comes under it names the new one', async () => {
    const out = await run(await PipelineUnderTest.open(withEncounters), [
      adt('A01', 'C1', pv1('I', 'W1', 'V7')),
      adt('A40', 'C2', 'MRG|4711^^^NGH^MR').replace('PID|1||4711^', 'PID|1||5000^'),
      oru('C3', 'P1', 'F'),
    ]);

    expect(out.map(({ topic, key }) => [topic, key])).toStrictEqual([
      ['hl7.adt', 'NGH|4711'],
      ['hl7.encounters', 'NGH|4711'],
      ['hl7.adt', 'NGH|5000'],
      ['hl7.encounters', 'NGH|4711'],
      ['hl7.oru', 'NGH|4711'],
    ]);
    expect(value(out[3])).toMatchObject({ status: 'merged', mergedInto: 'NGH|5000', controlId: 'C2' });
    expect(contextOf(out[4])).toMatchObject({ mergedInto: 'NGH|5000', location: { pointOfCare: 'W1' } });
  });

  test('a key that others are merged into is in use again', async () => {
    const into = (survivor: string, retired: string): string =>
      adt('A40', `${survivor}-${retired}`, `MRG|${retired}^^^NGH^MR`).replace('PID|1||4711^', `PID|1||${survivor}^`);

    const out = await recordsOf([into('5000', '4711'), into('4711', '5000'), oru('C3', 'P1', 'F')]);

    expect(value(out.at(-1))).not.toHaveProperty('context');
  });

  test('a swap of beds moves both patients', async () => {
    const swap = [
      'MSH|^~\\&|EPICARE|NGH|HUB|HIE|20260105090000+0000||ADT^A17^ADT_A17|C3|P|2.5.1',
      'EVN|A17|20260105090000',
      'PID|1||4711^^^NGH^MR||DOE^JANE',
      pv1('I', 'W2', 'V7'),
      'PID|2||4712^^^NGH^MR||ROE^JOHN',
      pv1('I', 'W1', 'V8'),
      '',
    ].join('\r');
    const out = await recordsOf([
      adt('A01', 'C1', pv1('I', 'W1', 'V7')),
      adt('A01', 'C2', pv1('I', 'W2', 'V8')).replace('|4711^', '|4712^'),
      swap,
      oru('C4', 'P1', 'F'),
      oru('C5', 'P1', 'F').replace('|4711^', '|4712^'),
    ]);

    expect(out).toHaveLength(5);
    expect(contextOf(out[3])).toMatchObject({ location: { pointOfCare: 'W2' } });
    expect(contextOf(out[4])).toMatchObject({ location: { pointOfCare: 'W1' } });
  });

  test('a batch of results closes the orders of each of its patients', async () => {
    const results = [
      'MSH|^~\\&|LAB|NGH|HUB|HIE|20260105090000+0000||ORU^R01^ORU_R01|C3|P|2.5.1',
      'PID|1||4711^^^NGH^MR||DOE^JANE',
      'OBR|1|P1||1^Panel^L|||20260105||||||||||||||||||F',
      'PID|2||4712^^^NGH^MR||ROE^JOHN',
      'OBR|1|P2||1^Panel^L|||20260105||||||||||||||||||F',
      '',
    ].join('\r');
    const out = await recordsOf([
      orm('C1', 'NW', 'P1', ''),
      orm('C2', 'NW', 'P2', '').replace('|4711^', '|4712^'),
      results,
      oru('C4', 'P1', 'F'),
      oru('C5', 'P2', 'F').replace('|4711^', '|4712^'),
    ]);

    expect(contextOf(out[2])['answers']).toMatchObject([{ order: 0, placer: { id: 'P1' } }]);
    expect([value(out[3])['context'], value(out[4])['context']]).toStrictEqual([undefined, undefined]);
  });
});

async function recordsOf(messages: readonly string[]): Promise<readonly OutputRecord[]> {
  return await run(await PipelineUnderTest.open(), messages);
}

async function run(pipeline: PipelineUnderTest, messages: readonly string[]): Promise<readonly OutputRecord[]> {
  return await pipeline.run(messages.map((message) => sourceRecord(message)));
}

function counted(pipeline: PipelineUnderTest, name: string): number {
  return pipeline.keyed.metrics.samples().find((sample) => sample.name === name)?.value ?? 0;
}

function value(record: OutputRecord | undefined): Record<string, unknown> {
  return JSON.parse(record?.value.toString() ?? '{}') as Record<string, unknown>;
}

function contextOf(record: OutputRecord | undefined): Record<string, unknown> {
  return (value(record)['context'] ?? {}) as Record<string, unknown>;
}

function adt(trigger: string, controlId: string, ...segments: readonly string[]): string {
  return [
    `MSH|^~\\&|EPICARE|NGH|HUB|HIE|20260105080000+0000||ADT^${trigger}|${controlId}|P|2.5.1`,
    `EVN|${trigger}|20260105080000+0000`,
    'PID|1||4711^^^NGH^MR||DOE^JANE',
    ...segments,
    '',
  ].join('\r');
}

function pv1(patientClass: string, location: string, visit: string): string {
  return `PV1|1|${patientClass}|${location}${'|'.repeat(16)}${visit}`;
}

function orm(controlId: string, control: string, placer: string, orderedAt: string): string {
  return [
    `MSH|^~\\&|EPICARE|NGH|HUB|HIE|20260105080000+0000||ORM^O01|${controlId}|P|2.5.1`,
    'PID|1||4711^^^NGH^MR||DOE^JANE',
    `ORC|${control}|${placer}|||||||${orderedAt}`,
    `OBR|1|${placer}||1^Panel^L`,
    '',
  ].join('\r');
}

function oru(controlId: string, placer: string, status: string): string {
  return [
    `MSH|^~\\&|LAB|NGH|HUB|HIE|20260105083000+0000||ORU^R01|${controlId}|P|2.5.1`,
    'PID|1||4711^^^NGH^MR||DOE^JANE',
    `OBR|1|${placer}||1^Panel^L|||20260105${'|'.repeat(18)}${status}`,
    'OBX|1|NM|2345-7^Glucose^LN||74|mg/dL|70-99|N|||F',
    '',
  ].join('\r');
}
