import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../index.ts';
import type { OutputRecord } from '../../../index.ts';
import { runSteps, sourceRecord } from '../run-steps-testing.ts';
import { BREAKAGES, breakMessage } from './break-message.ts';
import type { Breakage } from './break-message.ts';
import { generatedFeed } from './generated-feed.ts';

const COUNT = 8_000;
/** So many messages of the feed pass during one encounter. */
const ONE_STAY = 256 * 12;
const records = await runSteps(makeFeed(7).map((value) => sourceRecord(value)));

describe('the generated feed', () => {
  test('is the same for the same seed, and any message can be made without those before it', () => {
    const whole = makeFeed(7).slice(0, 200);
    const backwards = Array.from({ length: 200 }, (_, i) => 199 - i).map((index) => make(7, index));

    expect(backwards.reverse().map(String)).toStrictEqual(whole.map(String));
    expect(makeFeed(8).slice(0, 200).map(String)).not.toStrictEqual(whole.map(String));
  });

  test('holds all five types, messages without a patient, and half a percent of broken ones of every kind', () => {
    const topics = countBy(records, (record) => record.topic);

    expect([...topics.keys()].sort()).toStrictEqual([
      'hl7.adt',
      'hl7.dft',
      'hl7.dlq',
      'hl7.mdm',
      'hl7.orm',
      'hl7.oru',
      'hl7.other',
    ]);
    expect(topics.get('hl7.dlq')).toBeGreaterThan(COUNT * 0.003);
    expect(topics.get('hl7.dlq')).toBeLessThan(COUNT * 0.008);
    expect(countBy(records.filter(isDeadLetter), (record) => String(record.headers['reason'])).size).toBeGreaterThan(6);
  });

  test('comes from five facilities that the registry knows, and warns of nothing', () => {
    const accepted = records.filter((record) => !isDeadLetter(record));

    expect(countBy(accepted, (record) => String(field(record, 'facilityId'))).size).toBe(5);
    expect(accepted.filter((record) => record.headers['warnings'] !== undefined)).toStrictEqual([]);
  });

  test('tells a story: every result names an order that the same patient had before, at an earlier time', () => {
    const ordered = new Map<string, string>();
    const results: { readonly at: string; readonly orderedAt: string | undefined }[] = [];
    for (const [index, record] of records.entries()) {
      const order = /"id":"(P\d+)"/.exec(JSON.stringify(field(record, 'orders') ?? null))?.[1] ?? '';
      const key = `${record.key ?? ''} ${order}`;
      const at = String(field(record, 'eventTime'));
      if (record.topic === 'hl7.orm') {
        ordered.set(key, at);
      } else if (record.topic === 'hl7.oru' && index > ONE_STAY) {
        results.push({ at, orderedAt: ordered.get(key) });
      }
    }
    const orphans = results.filter(({ at, orderedAt }) => orderedAt === undefined || orderedAt >= at).length;

    expect(results.length).toBeGreaterThan(1_000);
    // An order that was broken on its way leaves its result alone.
    expect(orphans / results.length).toBeLessThan(0.02);
  });

  test('is out of order by up to five minutes, and its local times become the right UTC', () => {
    const times = records.filter((record) => !isDeadLetter(record)).map((record) => String(field(record, 'eventTime')));

    expect(
      times.filter((time) => time < '2026-01-05T05:54:40.000Z' || time > '2026-01-05T06:33:20.000Z'),
    ).toStrictEqual([]);
    expect(times.some((time, at) => time < (times[at - 1] ?? ''))).toBe(true);
  });

  test.each(Object.entries(reasons()))('a message broken by %s is refused with %s', async (breakage, reason) => {
    const text = 'MSH|^~\\&|EPICARE|NGH|HUB|HIE|20260105||ADT^A01|1|P|2.5.1\rPID|1||1^^^NGH^MR||DOE^JOHN\rPV1|1|I\r';
    const kind = BREAKAGES.find((one) => one === breakage) ?? 'empty';

    const broken = await runSteps([sourceRecord(breakMessage(text, kind, seededRandom(1)))]);

    expect(broken.map(({ headers }) => headers['reason'])).toStrictEqual([reason]);
  });
});

function reasons(): Readonly<Record<Breakage, string>> {
  return {
    'no-header': 'E_NOT_HL7',
    empty: 'E_EMPTY',
    'cut-off': 'E_FRAME',
    'bad-delimiters': 'E_BAD_DELIMITERS',
    'no-type': 'E_NO_MESSAGE_TYPE',
    'no-control-id': 'E_NO_CONTROL_ID',
    'no-patient': 'E_NO_PATIENT_ID',
    'bad-line': 'E_BAD_SEGMENT',
    'wrong-charset': 'E_CHARSET',
  };
}

function make(seed: number, index: number): Buffer {
  return generatedFeed(seed)(index, seededRandom(seed * 1_000_003 + index)).value;
}

function makeFeed(seed: number): readonly Buffer[] {
  return Array.from({ length: COUNT }, (_, index) => make(seed, index));
}

function isDeadLetter(record: OutputRecord): boolean {
  return record.topic === 'hl7.dlq';
}

function field(record: OutputRecord, name: string): unknown {
  if (isDeadLetter(record)) {
    return undefined;
  }
  return (JSON.parse(record.value.toString()) as Record<string, unknown>)[name];
}

function countBy<T>(items: readonly T[], of: (item: T) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) {
    counts.set(of(item), (counts.get(of(item)) ?? 0) + 1);
  }
  return counts;
}
