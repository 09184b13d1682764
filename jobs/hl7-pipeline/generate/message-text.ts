import { toDtmUtc } from '../../../hl7/timestamp/to-iso-utc.ts';
import type { Random } from '../../../index.ts';
import type { Encounter, FeedOrder } from './encounter.ts';
import type { LabTest } from './panels.ts';

/** What every message of the feed is made of. */
export interface MessageFacts {
  readonly encounter: Encounter;
  readonly controlId: string;
  /** When the message was made, epoch milliseconds. */
  readonly atMs: number;
  readonly random: Random;
}

/** The messages of an encounter, in the order in which a hospital sends them. */
export const STEPS = [
  'admit',
  'order-1',
  'result-1',
  'charge-1',
  'order-2',
  'update',
  'transfer',
  'result-2',
  'note',
  'correction',
  'charge-2',
  'discharge',
] as const;

export type Step = (typeof STEPS)[number];

const MINUTE_MS = 60_000;

/** The text of a message, segments ending in CR. */
export function messageText(step: Step, facts: MessageFacts): string {
  const segments = [...body(step, facts)];
  if (facts.random.below(10) === 0) {
    segments.push(
      `ZPI|1|${facts.encounter.facility.application}|${facts.random.below(2) === 0 ? 'VIP' : 'RESEARCH~TRIAL7'}`,
    );
  }
  return `${[msh(step, facts), ...segments].join('\r')}\r`;
}

/** An acknowledgement: a message without a patient. */
export function acknowledgementText(facts: MessageFacts): string {
  return `${header('ACK', facts)}\rMSA|AA|${facts.controlId}A\r`;
}

function body(step: Step, facts: MessageFacts): readonly string[] {
  return BODIES[step](facts);
}

const BODIES: Readonly<Record<Step, (facts: MessageFacts) => readonly string[]>> = {
  admit: (facts) => [
    evn(facts.encounter.patientClass === 'O' ? 'A04' : 'A01', facts),
    ...patientIn(0, facts),
    `DG1|1||${facts.encounter.diagnosis}^I10`,
  ],
  update: (facts) => [evn('A08', facts), ...patientIn(0, facts), 'AL1|1|DA|70618^Penicillin^RXNORM|SV|Hives'],
  transfer: (facts) => [evn('A02', facts), pid(facts), pv1(facts, facts.encounter.beds[1], facts.encounter.beds[0])],
  discharge: (facts) => [
    evn('A03', facts),
    pid(facts),
    // PV1-45 is the time of discharge.
    `${pv1(facts, facts.encounter.beds[1])}${'|'.repeat(26)}${dtm(facts)}`,
  ],
  'order-1': (facts) => [...patientIn(0, facts), ...orderSegments(facts.encounter.orders[0], facts)],
  'order-2': (facts) => [...patientIn(0, facts), ...orderSegments(facts.encounter.orders[1], facts)],
  'result-1': (facts) => [...patientIn(0, facts), ...resultSegments(facts.encounter.orders[0], 'F', facts)],
  'result-2': (facts) => [...patientIn(1, facts), ...resultSegments(facts.encounter.orders[1], 'F', facts)],
  correction: (facts) => [...patientIn(1, facts), ...resultSegments(facts.encounter.orders[1], 'C', facts)],
  'charge-1': (facts) => [evn('P03', facts), ...patientIn(0, facts), ...charges(1, facts)],
  'charge-2': (facts) => [evn('P03', facts), ...patientIn(1, facts), ...charges(2, facts)],
  note: (facts) => [evn('T02', facts), ...patientIn(1, facts), ...note(facts)],
};

function patientIn(bed: 0 | 1, facts: MessageFacts): readonly string[] {
  return [pid(facts), pv1(facts, facts.encounter.beds[bed])];
}

const TYPES: Readonly<Record<Step, string>> = {
  admit: 'ADT^A01^ADT_A01',
  update: 'ADT^A08^ADT_A01',
  transfer: 'ADT^A02^ADT_A02',
  discharge: 'ADT^A03^ADT_A03',
  'order-1': 'ORM^O01^ORM_O01',
  'order-2': 'ORM^O01^ORM_O01',
  'result-1': 'ORU^R01^ORU_R01',
  'result-2': 'ORU^R01^ORU_R01',
  correction: 'ORU^R01^ORU_R01',
  'charge-1': 'DFT^P03^DFT_P03',
  'charge-2': 'DFT^P03^DFT_P03',
  note: 'MDM^T02^MDM_T02',
};

function messageType(step: Step, { encounter }: MessageFacts): string {
  return step === 'admit' && encounter.patientClass === 'O' ? 'ADT^A04^ADT_A01' : TYPES[step];
}

function msh(step: Step, facts: MessageFacts): string {
  const whole = messageType(step, facts);
  // The message structure (MSH-9.3) came with version 2.3.1.
  return header(facts.encounter.facility.version === '2.3' ? whole.slice(0, whole.lastIndexOf('^')) : whole, facts);
}

function header(type: string, facts: MessageFacts): string {
  const { application, facility, version, charset } = facts.encounter.facility;
  const head = `MSH|^~\\&|${application}|${facility}|HUB|HIE|${dtm(facts)}||${type}|${facts.controlId}|P|${version}`;
  return charset === '' ? head : `${head}||||||${charset}`;
}

function evn(trigger: string, facts: MessageFacts): string {
  return `EVN|${trigger}|${dtm(facts)}`;
}

function pid({ encounter }: MessageFacts): string {
  const { patient, facility } = encounter;
  const second = patient.socialSecurity === undefined ? '' : `~${patient.socialSecurity}^^^SSA^SS`;
  const id = `${patient.mrn}^^^${facility.facility}^MR${second}`;
  const address = `${patient.street}^^${patient.city}`;
  return `PID|1||${id}||${patient.family}^${patient.given}||${patient.birthDate}|${patient.sex}|||${address}||${patient.phone}`;
}

function pv1({ encounter }: MessageFacts, bed: string, before = ''): string {
  const { patientClass, doctor, visit, facility } = encounter;
  return `PV1|1|${patientClass}|${bed}|R||${before}|${doctor}||||||||||||${visit}^^^${facility.facility}^VN`;
}

function orderSegments({ placer, filler, panel }: FeedOrder, facts: MessageFacts): readonly string[] {
  const { doctor, facility } = facts.encounter;
  const ids = `${placer}^${facility.application}|${filler}^LAB`;
  return [
    `ORC|NW|${ids}||SC||^^^${dtm(facts)}^^R||${dtm(facts)}|||${doctor}`,
    `OBR|1|${ids}|${panel.code}^${panel.name}^LN|R||${dtm(facts)}|||||||||${doctor}`,
  ];
}

function resultSegments(order: FeedOrder, status: 'F' | 'C', facts: MessageFacts): readonly string[] {
  const { doctor, facility } = facts.encounter;
  const { placer, filler, panel } = order;
  const ids = `${placer}^${facility.application}|${filler}^LAB`;
  const drawn = dtm(facts, -30 * MINUTE_MS);
  const observations = panel.tests.map((test, at) => obx(at + 1, test, `${status}|||${drawn}`, facts));
  const obr = `OBR|1|${ids}|${panel.code}^${panel.name}^LN|||${drawn}|||||||||${doctor}||||||${dtm(facts)}||LAB|${status}`;
  const remark = facts.random.below(5) === 0 ? ['NTE|1|L|Specimen slightly hemolysed \\T\\ reviewed'] : [];
  return [`ORC|RE|${ids}`, obr, ...observations, ...remark];
}

function obx(setId: number, test: LabTest, tail: string, { random }: MessageFacts): string {
  const { low, high, decimals } = test;
  const value = Math.max(0, low + (random.next() * 1.6 - 0.3) * (high - low));
  const flag = value < low ? 'L' : value > high * 1.5 ? 'HH' : value > high ? 'H' : 'N';
  const range = `${low}-${high}`;
  return `OBX|${setId}|NM|${test.code}^${test.name}^LN||${value.toFixed(decimals)}|${test.unit}|${range}|${flag}|||${tail}`;
}

/** `bill` keeps the two bills of a stay apart. */
function charges(bill: number, facts: MessageFacts): readonly string[] {
  const { visit, doctor } = facts.encounter;
  const items = [
    '99285^ED visit high^C4|890.50',
    '80048^Basic metabolic panel^C4|48.00',
    '71046^Chest X-ray^C4|210.00',
  ];
  return items.slice(0, 1 + facts.random.below(items.length)).map((item, at) => {
    const [code = '', price = ''] = item.split('|');
    return `FT1|${at + 1}|${visit}-${bill}-${at + 1}||${dtm(facts)}|${dtm(facts)}|CG|${code}|||1|${price}|${price}||||||||${doctor}`;
  });
}

function note(facts: MessageFacts): readonly string[] {
  const { doctor, number } = facts.encounter;
  const lines = ['Seen on rounds, comfortable.', 'Vital signs stable.', 'Plan discussed with patient \\T\\ family.'];
  const txa = `TXA|1|PN^Progress note|TX|${dtm(facts)}|${doctor}||${dtm(facts)}|||||D${900_000 + number}|||||AU||AV`;
  return [txa, ...lines.map((line, at) => `OBX|${at + 1}|TX|11506-3^Progress note^LN||${line}||||||F`)];
}

/** The message's time as its facility writes it. */
function dtm({ encounter, atMs }: MessageFacts, shiftMs = 0): string {
  const { offsetMinutes, hasOffset } = encounter.facility;
  const local = toDtmUtc(atMs + shiftMs + offsetMinutes * MINUTE_MS).slice(0, 14);
  if (!hasOffset) {
    return local;
  }
  const minutes = Math.abs(offsetMinutes);
  const clock = String(Math.floor(minutes / 60) * 100 + (minutes % 60)).padStart(4, '0');
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${clock}`;
}
