import { Buffer } from 'node:buffer';
import type { Hl7Message } from '../message/hl7-message.ts';
import { toIsoUtc } from '../timestamp/to-iso-utc.ts';
import { extractCharge } from './extract-charge.ts';
import { documentText, extractDocument } from './extract-document.ts';
import { eventTime } from './event-time.ts';
import { extractObservation } from './extract-observation.ts';
import { orderOfObr, orderOfOrc } from './extract-order.ts';
import { extractMerge, extractPatient } from './extract-patient.ts';
import { extractEvent, extractVisit } from './extract-visit.ts';
import { SegmentReader } from './segment-reader.ts';
import { TimeReader } from './time-reader.ts';
import type { ClinicalDocument, Order, PatientSection, TriggerEvent, TypedRecord } from './typed-record.ts';

/** What the message itself does not say. */
export interface ExtractContext {
  readonly sourceSystem: string;
  readonly facilityId: string;
  /** When the pipeline took the message in, milliseconds since 1970. */
  readonly ingestionMs: number;
  /** When the message was received (the Kafka record's timestamp): the event time when MSH-7 gives none. */
  readonly receivedMs: number;
  /** IANA zone of times without an offset; UTC when left out. Never the server's zone. */
  readonly zone?: string | undefined;
}

/** A typed record of a message that has passed the parser. Never throws; reads each segment once, in order. */
export function extractRecord(message: Hl7Message, context: ExtractContext): TypedRecord {
  const walk = new Walk(message, new TimeReader(context.zone));
  for (let segment = 0; segment < message.segmentCount; segment++) {
    walk.read(segment);
  }
  const msh = 0;
  const event = eventTime(message, context.zone);
  const first = walk.sections[0] ?? {};
  const document = walk.document;
  if (document !== undefined) {
    const text = documentText(first.observations);
    if (text !== undefined) {
      document.text = text;
    }
  }
  return {
    messageType: message.value(msh, 9, 1, 1) ?? '',
    trigger: message.value(msh, 9, 1, 2),
    structure: message.value(msh, 9, 1, 3),
    version: message.value(msh, 12),
    controlId: message.value(msh, 10) ?? '',
    processingId: message.value(msh, 11),
    eventTime: toIsoUtc(event.kind === 'time' ? event.epochMs : context.receivedMs),
    eventTimeFrom: event.kind === 'time' ? 'MSH-7' : 'received',
    sourceSystem: context.sourceSystem,
    facilityId: context.facilityId,
    ingestionTs: isoOfIngestion(context.ingestionMs),
    sendingApplication: message.value(msh, 3),
    sendingFacility: message.value(msh, 4),
    event: walk.event,
    patient: first.patient,
    visit: first.visit,
    merge: first.merge,
    orders: first.orders,
    observations: first.observations,
    charges: first.charges,
    notes: first.notes,
    document,
    furtherPatients: walk.sections.length > 1 ? walk.sections.slice(1) : undefined,
    unreadableTimes: walk.times.unreadable,
  };
}

let lastIngestionMs = NaN;
let lastIngestionIso = '';

/** Messages of one batch are taken in within the same millisecond. */
function isoOfIngestion(epochMs: number): string {
  if (epochMs !== lastIngestionMs) {
    lastIngestionMs = epochMs;
    lastIngestionIso = toIsoUtc(epochMs);
  }
  return lastIngestionIso;
}

/** The record as the JSON that stands on the output topics (UTF-8). */
export function encodeRecord(record: TypedRecord): Buffer {
  return Buffer.from(JSON.stringify(record), 'utf8');
}

/** One pass over the segments: what belongs to which patient and to which order follows from their order. */
class Walk {
  readonly sections: PatientSection[] = [];
  readonly times: TimeReader;
  event: TriggerEvent | undefined;
  document: ClinicalDocument | undefined;
  readonly #message: Hl7Message;
  readonly #reader: SegmentReader;
  #section: PatientSection = {};
  /** The ORC whose OBR (or other detail segment) has not come yet. */
  #openOrc: Order | undefined;
  /** What a following NTE is about. */
  #noted: { notes?: string[] | undefined } = this.#section;

  constructor(message: Hl7Message, times: TimeReader) {
    this.#message = message;
    this.#reader = new SegmentReader(message);
    this.times = times;
    this.sections.push(this.#section);
  }

  read(segment: number): void {
    const name = this.#message.segmentName(segment);
    switch (name) {
      case 'PID':
        this.#beginPatient();
        this.#section.patient = extractPatient(this.#open(segment), this.times);
        break;
      case 'PV1':
        this.#section.visit ??= extractVisit(this.#open(segment), this.times);
        break;
      case 'MRG':
        this.#section.merge ??= extractMerge(this.#open(segment));
        break;
      case 'EVN':
        this.event ??= extractEvent(this.#open(segment), this.times);
        break;
      case 'ORC':
        this.#pushOrder(orderOfOrc(this.#open(segment), this.times));
        this.#openOrc = this.#section.orders?.at(-1);
        break;
      case 'OBR':
        this.#readObr(segment);
        break;
      case 'OBX':
        this.#readObx(segment);
        break;
      case 'NTE':
        this.#readNote(segment);
        break;
      case 'FT1':
        (this.#section.charges ??= []).push(extractCharge(this.#open(segment), this.times));
        break;
      case 'TXA':
        this.document ??= extractDocument(this.#open(segment), this.times);
        break;
      default:
        this.#readOther(name);
    }
  }

  #open(segment: number): SegmentReader {
    this.#reader.open(segment);
    return this.#reader;
  }

  /** A second PID begins another patient's section (I4 of typed-record.ts): nothing after it may reach the first one's. */
  #beginPatient(): void {
    if (this.#section.patient !== undefined) {
      this.#section = {};
      this.sections.push(this.#section);
    }
    this.#openOrc = undefined;
    this.#noted = this.#section;
  }

  #pushOrder(order: Order): void {
    (this.#section.orders ??= []).push(order);
    this.#noted = order;
  }

  #readObr(segment: number): void {
    const open = this.#openOrc;
    if (open === undefined) {
      // Several OBR under one ORC (usual before 2.4): each is an order of its own under the same order control.
      const control = this.#section.orders?.at(-1)?.control;
      this.#pushOrder(orderOfObr(this.#open(segment), this.times, control === undefined ? undefined : { control }));
      return;
    }
    const order = orderOfObr(this.#open(segment), this.times, open);
    if (open.notes !== undefined) {
      order.notes = open.notes;
    }
    this.#section.orders?.splice(-1, 1, order);
    this.#openOrc = undefined;
    this.#noted = order;
  }

  #readObx(segment: number): void {
    const orders = this.#section.orders;
    const order = orders === undefined ? undefined : orders.length - 1;
    const observation = extractObservation(this.#open(segment), this.times, order);
    (this.#section.observations ??= []).push(observation);
    this.#noted = observation;
  }

  #readNote(segment: number): void {
    const message = this.#message;
    const repetitions = message.repetitionCount(segment, 3);
    for (let repetition = 1; repetition <= repetitions; repetition++) {
      (this.#noted.notes ??= []).push(message.fieldText(segment, 3, repetition) ?? '');
    }
  }

  /** Detail segments of orders that are no observation requests (HL7 chapter 4: pharmacy, supply, diet, requisition). */
  #readOther(name: string): void {
    if (this.#openOrc !== undefined && orderDetails.has(name)) {
      this.#openOrc.detail = name;
      this.#openOrc = undefined;
    }
  }
}

const orderDetails: ReadonlySet<string> = new Set([
  'RXO',
  'RXE',
  'RXD',
  'RXG',
  'RXA',
  'RQD',
  'RQ1',
  'ODS',
  'ODT',
  'BPO',
  'OM1',
]);
