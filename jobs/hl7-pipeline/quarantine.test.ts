import { expect, test } from 'vitest';
import { Hl7Element } from './hl7-element.ts';
import type { Origin } from './origin.ts';
import type { PatientElement } from './patient/patient-notice.ts';
import { ofElement, ofFrame, ofPatientElement, ofSourceRecord, quarantineOf } from './quarantine.ts';
import type { QuarantinedElement } from './quarantine.ts';
import { sourceRecord } from './run-steps-testing.ts';
import { Senders } from './sender.ts';

const BYTES = Buffer.from('MSH|^~\\&|LAB|NGH|||20260301||ORU^R01|C1|P|2.5.1\rPID|||74^^^MRN||QUACKENBUSH^OTTO\r');
const origin: Origin = { src: '3:42:1769999999000', srcIndex: 2, file: 'a.hl7', receivedMs: 1_769_999_999_000 };

test('a quarantined message is a dead letter with its raw bytes, where it came from, and nothing of it in the headers', () => {
  expect(letterOf(ofPatientElement, element(0))).toStrictEqual({
    topic: 'hl7.dlq',
    key: 'MRN|74',
    value: BYTES,
    headers: {
      src: '3:42:1769999999000',
      srcIndex: '2',
      file: 'a.hl7',
      warnings: 'W_ODD',
      stage: 'quarantine',
      reason: 'E_QUARANTINED',
      detail: 'Step correlate failed on it in 3 attempts: TypeError (fingerprint f1).',
    },
  });
});

test('what one said of a further patient is told apart: it is no message that could be sent again', () => {
  const letter = letterOf(ofPatientElement, notice('B|2', 0));

  expect(letter).toMatchObject({ key: 'B|2', headers: { stage: 'quarantine', reason: 'E_QUARANTINED_NOTICE' } });
});

test('an input record and its frames are dead letters before anything is known of them', () => {
  const record = sourceRecord(BYTES);

  expect(letterOf(ofSourceRecord, record)).toMatchObject({ value: BYTES, headers: { src: '3:42:1769999999000' } });
  expect(letterOf(ofFrame, { kind: 'payload', bytes: BYTES, origin, maySplit: true })).toMatchObject({
    key: undefined,
    headers: { srcIndex: '2' },
  });
});

test('an element is known by the same in each attempt, whenever it comes in', () => {
  expect(identityOf(ofElement, element(1))).toStrictEqual(identityOf(ofElement, element(2)));
  expect(identityOf(ofPatientElement, notice('B|2', 1))).toStrictEqual(identityOf(ofPatientElement, notice('B|2', 2)));
});

test('elements of different places, messages or patients are known by something else', () => {
  const place = (over: Partial<Origin>): string => identityOf(ofElement, element(0, { ...origin, ...over }));
  const all = [
    place({}),
    place({ src: '3:43:1769999999000' }),
    place({ srcIndex: 3 }),
    place({ srcIndex: undefined }),
    place({ file: undefined }),
    identityOf(ofElement, element(0, origin, Buffer.concat([BYTES, BYTES]))),
    identityOf(ofPatientElement, notice('B|2', 0)),
    identityOf(ofPatientElement, notice('B|3', 0)),
  ];

  expect(new Set(all).size).toBe(all.length);
});

function element(ingestedMs: number, from: Origin = origin, bytes: Buffer = BYTES): Hl7Element {
  return new Hl7Element({
    bytes,
    origin: from,
    ingestedMs,
    sender: new Senders().fromText('["F","S",null,null,"warn","drop"]'),
    route: 'oru',
    key: 'MRN|74',
    warnings: 'W_ODD',
  });
}

function notice(key: string, ingestedMs: number): PatientElement {
  const event = { at: 'T', orders: [], mergedInto: 'A|1' };
  const source = { messageType: 'ADT', ingestionTs: String(ingestedMs) };
  return { kind: 'notice', key, event, source, origin } as unknown as PatientElement;
}

function letterOf<T>(describe: (element: T) => QuarantinedElement, record: T): unknown {
  const about = { key: undefined, timestamp: undefined, operator: 'correlate', error: 'TypeError', failures: 3 };
  return quarantineOf('hl7.', describe).letterOf({ ...about, record, fingerprint: 'f1' });
}

function identityOf<T>(describe: (element: T) => QuarantinedElement, record: T): string {
  const identity = quarantineOf('hl7.', describe).identify?.(record) ?? '';
  return typeof identity === 'string' ? identity : Buffer.from(identity).toString('latin1');
}
