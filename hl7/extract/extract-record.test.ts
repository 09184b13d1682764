import { expect, test } from 'vitest';
import { messageOf } from '../message/parsed-message-testing.ts';
import { encodeRecord, extractRecord, type ExtractContext } from './extract-record.ts';

const context: ExtractContext = {
  sourceSystem: 'REG',
  facilityId: 'F001',
  ingestionMs: Date.UTC(2026, 2, 1, 12),
  receivedMs: Date.UTC(2026, 2, 1, 11),
  zone: 'Europe/Prague',
};
const MSH = 'MSH|^~\\&|REG|STJ|HUB|STJ|20260301083000||ADT^A08^ADT_A01|M-1|P|2.5';

test('an admission: patient, visit and event, times in UTC by the zone of the sender', () => {
  const record = extract(
    MSH,
    'EVN|A08|20260301083000-0500||REG|1001^WELBY^MARCUS',
    'PID|1|E7|7^^^STJ&1.2.3&ISO^MR~8^^^LAB^PI||DOE^JANE^Q^JR^DR^^L||19800229|F|||1 MAIN ST&X^APT 2^BRNO^^60200^CZ^H||(555)123~^PRN^PH^a@b.c^420^555^777|||M^Married^HL70002||ACC1^^^STJ^AN|123456789',
    'PV1|1|I|4N^401^A^STJ|E||3S|1001^WELBY^MARCUS^^^DR^^^STJ|||MED||||7|||1002^HOUSE|IP|V1^^^STJ^VN|||||||||||||||||||||||||20260301|202603',
  );

  expect(record).toStrictEqual({
    ...{
      messageType: 'ADT',
      trigger: 'A08',
      structure: 'ADT_A01',
      version: '2.5',
      controlId: 'M-1',
      processingId: 'P',
    },
    ...{ eventTime: '2026-03-01T07:30:00.000Z', eventTimeFrom: 'MSH-7', sourceSystem: 'REG', facilityId: 'F001' },
    ...{ ingestionTs: '2026-03-01T12:00:00.000Z', sendingApplication: 'REG', sendingFacility: 'STJ' },
    event: {
      type: 'A08',
      recordedAt: '2026-03-01T13:30:00.000Z',
      reason: 'REG',
      operator: { id: '1001', family: 'WELBY', given: 'MARCUS' },
    },
    patient: {
      identifiers: [
        { id: '7', authority: 'STJ', authorityId: '1.2.3', authorityIdType: 'ISO', type: 'MR' },
        { id: '8', authority: 'LAB', type: 'PI' },
      ],
      names: [{ family: 'DOE', given: 'JANE', middle: 'Q', suffix: 'JR', prefix: 'DR', type: 'L' }],
      birthDate: '1980-02-29',
      sex: 'F',
      addresses: [{ street: '1 MAIN ST', other: 'APT 2', city: 'BRNO', zip: '60200', country: 'CZ', type: 'H' }],
      homePhones: [{ number: '(555)123' }, { number: '420 555 777', use: 'PRN', equipment: 'PH', email: 'a@b.c' }],
      maritalStatus: { code: 'M', text: 'Married', system: 'HL70002' },
      account: { id: 'ACC1', authority: 'STJ', type: 'AN' },
    },
    visit: {
      class: 'I',
      location: { pointOfCare: '4N', room: '401', bed: 'A', facility: 'STJ' },
      admissionType: 'E',
      priorLocation: { pointOfCare: '3S' },
      attending: { id: '1001', family: 'WELBY', given: 'MARCUS', authority: 'STJ' },
      service: 'MED',
      admitSource: '7',
      admitting: { id: '1002', family: 'HOUSE' },
      patientType: 'IP',
      visitNumber: { id: 'V1', authority: 'STJ', type: 'VN' },
      admittedAt: '2026-03-01',
      dischargedAt: '2026-03',
    },
  });
});

test('the social security number of PID-19 is nowhere in the record', () => {
  const json = JSON.stringify(extract(MSH, 'PID|1||7||DOE||||||||||||||987654321'));

  expect(json).not.toContain('987654321');
});

test('the HL7 null is null, what is left out is absent', () => {
  const record = extract(MSH, 'PID|1||7^^^STJ^MR||DOE^JANE||""|F|||""^^BRNO', 'PV1|1|I|""^402||||||""');

  expect(record).toMatchObject({
    patient: { birthDate: null, addresses: [{ street: null, city: 'BRNO' }] },
    visit: { location: { pointOfCare: null, room: '402' }, consulting: null },
  });
  expect(record).not.toHaveProperty('patient.race');
});

test('results: each observation knows its order, notes stand with what they are about', () => {
  const record = extract(
    MSH.replace('ADT^A08^ADT_A01', 'ORU^R01'),
    'PID|1||7',
    'NTE|1||about the patient',
    'ORC|RE|P1^EPIC|F1^LAB||CM',
    'OBR|1|P1^EPIC|F1^LAB|718-7^Hb^LN^85027^Hb^C4|||20260301080000|||||||||1001^WELBY||||||20260301081500||HM|F',
    'NTE|1||about the order~second line',
    'OBX|1|NM|718-7^Hb^LN||13.5|g/dL|12-17|L~H|||F|||20260301080000',
    'NTE|1||about the value',
    'OBX|2|CWE|5^x^L|1.1|260385009^Negative^SCT||||||F',
    'OBR|2|P2|F2|9^Other^L',
    'OBX|1|TX|9^Other^L||line 1~line^2~~""||||||P',
    'OBX|2|ED|9^Other^L||^APPLICATION^PDF^Base64^JVBERi0=||||||F',
  );

  expect(record).toMatchObject({
    notes: ['about the patient'],
    orders: [
      {
        ...{
          control: 'RE',
          placer: { id: 'P1', namespace: 'EPIC' },
          filler: { id: 'F1' },
          status: 'CM',
          section: 'HM',
        },
        ...{ code: { code: '718-7', altCode: '85027' }, observedAt: '2026-03-01T07:00:00.000Z', resultStatus: 'F' },
        notes: ['about the order', 'second line'],
      },
      // A second OBR under one ORC is an order of its own, under the same control.
      { control: 'RE', placer: { id: 'P2' }, filler: { id: 'F2' } },
    ],
    observations: [
      {
        order: 0,
        type: 'NM',
        value: '13.5',
        units: { code: 'g/dL' },
        range: '12-17',
        flags: ['L', 'H'],
        status: 'F',
        notes: ['about the value'],
      },
      { order: 0, subId: '1.1', value: { components: ['260385009', 'Negative', 'SCT'] } },
      { order: 1, value: ['line 1', 'line^2', '', null] },
      { order: 1, value: { components: ['', 'APPLICATION', 'PDF', 'Base64', 'JVBERi0='] } },
    ],
  });
});

test('nothing observed on a second patient of a message is read as the first one’s', () => {
  const record = extract(
    MSH.replace('ADT^A08^ADT_A01', 'ORU^R01'),
    ...[
      'PID|1||7||DOE',
      'OBR|1|A',
      'OBX|1|NM|x||1',
      'PID|2||8||ROE',
      'PV1|1|O',
      'OBR|1|B',
      'OBX|1|NM|x||2',
      'NTE|1||hers',
    ],
  );

  expect(record).toMatchObject({ patient: { identifiers: [{ id: '7' }] }, observations: [{ value: '1', order: 0 }] });
  expect(record).not.toHaveProperty('visit');
  expect(record).toMatchObject({
    furtherPatients: [
      {
        patient: { identifiers: [{ id: '8' }] },
        visit: { class: 'O' },
        orders: [{ placer: { id: 'B' } }],
        observations: [{ value: '2', order: 0, notes: ['hers'] }],
      },
    ],
  });
});

test('a merge of several pairs keeps every pair together', () => {
  const record = extract(MSH.replace('A08^ADT_A01', 'A40'), 'EVN|A40', 'PID|1||2', 'MRG|1', 'PID|2||4', 'MRG|3');

  expect(record).toMatchObject({
    patient: { identifiers: [{ id: '2' }] },
    merge: { identifiers: [{ id: '1' }] },
    furtherPatients: [{ patient: { identifiers: [{ id: '4' }] }, merge: { identifiers: [{ id: '3' }] } }],
  });
});

test('orders without an observation request say what details them', () => {
  const record = extract(
    MSH.replace('ADT^A08^ADT_A01', 'ORM^O01'),
    'PID|1||7',
    'ORC|NW|P1',
    'RXO|x',
    'ORC|CA|P2',
    'OBR|1',
  );

  expect(record).toMatchObject({
    orders: [
      { control: 'NW', placer: { id: 'P1' }, detail: 'RXO' },
      { control: 'CA', placer: { id: 'P2' } },
    ],
  });
});

test('charges keep amounts as text, documents carry their lines', () => {
  const dft = extract(
    MSH.replace('ADT^A08^ADT_A01', 'DFT^P03'),
    'PID|1||7',
    'FT1|1|T1|B|20260301|20260302|CG|99213^Visit^C4|Visit||1|125.00|125.00|||||||I10^Hypertension^I10~E11',
  );
  const mdm = extract(
    MSH.replace('ADT^A08^ADT_A01', 'MDM^T02'),
    'PID|1||7',
    'TXA|1|CN^Note|TX|20260301||||||||DOC1||P1|||AU||AV',
    'OBX|1|TX|1||one',
    'OBX|2|NM|1||2',
    'OBX|3|FT|1||three~four',
  );

  expect(dft).toMatchObject({
    charges: [
      {
        id: 'T1',
        type: 'CG',
        amount: '125.00',
        quantity: '1',
        transactedAt: '2026-03-01',
        diagnoses: [{ code: 'I10' }, { code: 'E11' }],
      },
    ],
  });
  expect(mdm).toMatchObject({
    document: {
      type: { code: 'CN' },
      number: { id: 'DOC1' },
      placer: { id: 'P1' },
      completionStatus: 'AU',
      text: 'one\nthree\nfour',
    },
  });
});

test('a time that is none is kept by its path, and no field is guessed', () => {
  const record = extract(MSH, 'PID|1||7||DOE||DOB', `PV1|1|I${'|'.repeat(42)}20260230`);

  expect(record).toMatchObject({ unreadableTimes: { 'PID-7': 'DOB', 'PV1-44': '20260230' } });
  expect(record).not.toHaveProperty('patient.birthDate');
});

test.each(['', '""', '2026', 'yesterday', '20260230'])('MSH-7 %j gives the time of receipt, and says so', (time) => {
  expect(extract(MSH.replace('20260301083000', time), 'PID|1||7')).toMatchObject({
    eventTime: '2026-03-01T11:00:00.000Z',
    eventTimeFrom: 'received',
  });
});

test('a birth date with a time and an offset keeps its day', () => {
  expect(extract(MSH, 'PID|1||7||DOE||198002290030+1400')).toMatchObject({ patient: { birthDate: '1980-02-29' } });
});

test('a time without an offset is read in the zone that is asked for, whatever was asked before', () => {
  const evn = [MSH, 'EVN|A08|20260301083000', 'PID|1||7'];

  const prague = extract(...evn);
  const newYork = extractRecord(messageOf(...evn), { ...context, zone: 'America/New_York' });

  expect(prague).toMatchObject({ event: { recordedAt: '2026-03-01T07:30:00.000Z' } });
  expect(newYork.event?.recordedAt).toBe('2026-03-01T13:30:00.000Z');
});

/** The record as a consumer of the topic sees it. */
function extract(...segments: string[]): unknown {
  return JSON.parse(encodeRecord(extractRecord(messageOf(...segments), context)).toString('utf8'));
}
