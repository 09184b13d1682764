import type { Hl7Message } from '../hl7/message/hl7-message.ts';
import { parseMessage } from '../hl7/message/parse-message.ts';
import { parseTimestamp } from '../hl7/timestamp/parse-timestamp.ts';

/**
 * The work of the peers' Hl7Processor (parse, extract into one object, validate), field by field the same, so that the
 * rates can be compared: MSH, PID, PV1, OBR, OBX, FT1 and TXA, each component the first repetition's.
 */
export interface PeerEvent {
  sendingApp?: string | undefined;
  sendingFacility?: string | undefined;
  receivingApp?: string | undefined;
  receivingFacility?: string | undefined;
  messageTs: number;
  messageType?: string | undefined;
  triggerEvent?: string | undefined;
  controlId?: string | undefined;
  processingId?: string | undefined;
  version?: string | undefined;
  mrn?: string | undefined;
  patient?: Readonly<Record<string, string | undefined>>;
  visit?: Readonly<Record<string, string | undefined>>;
  document?: Readonly<Record<string, string | undefined>>;
  orders: Readonly<Record<string, string | undefined>>[];
  observations: Readonly<Record<string, string | undefined>>[];
  charges: Readonly<Record<string, string | undefined>>[];
}

/** Parses, extracts and validates; undefined when the peers would reject the message. */
export function processAsPeer(bytes: Buffer): PeerEvent | undefined {
  const result = parseMessage(bytes);
  if (result.kind === 'malformed') {
    return undefined;
  }
  const event = extractAsPeer(result.message);
  const isValid =
    event.messageType !== undefined &&
    event.triggerEvent !== undefined &&
    event.controlId !== undefined &&
    event.version !== undefined &&
    event.messageTs >= 0 &&
    event.mrn !== undefined &&
    TOPICS.has(event.messageType);
  return isValid ? event : undefined;
}

const TOPICS = new Set(['ADT', 'ORU', 'ORM', 'DFT', 'MDM']);

function extractAsPeer(m: Hl7Message): PeerEvent {
  const event: PeerEvent = { messageTs: -1, orders: [], observations: [], charges: [] };
  for (let s = 0; s < m.segmentCount; s += 1) {
    extractSegment(m, s, event);
  }
  return event;
}

function extractSegment(m: Hl7Message, s: number, event: PeerEvent): void {
  switch (m.segmentName(s)) {
    case 'MSH': {
      event.sendingApp = m.value(s, 3);
      event.sendingFacility = m.value(s, 4);
      event.receivingApp = m.value(s, 5);
      event.receivingFacility = m.value(s, 6);
      const sent = parseTimestamp(m.value(s, 7) ?? '');
      event.messageTs = sent.kind === 'timestamp' ? sent.epochMs : -1;
      event.messageType = m.value(s, 9);
      event.triggerEvent = m.value(s, 9, 1, 2);
      event.controlId = m.value(s, 10);
      event.processingId = m.value(s, 11);
      event.version = m.value(s, 12);
      break;
    }
    case 'PID':
      event.mrn = m.value(s, 3);
      event.patient = {
        familyName: m.value(s, 5),
        givenName: m.value(s, 5, 1, 2),
        birthDate: m.value(s, 7),
        sex: m.value(s, 8),
        street: m.value(s, 11),
        city: m.value(s, 11, 1, 3),
        state: m.value(s, 11, 1, 4),
        zip: m.value(s, 11, 1, 5),
        phone: m.value(s, 13),
        account: m.value(s, 18),
      };
      break;
    case 'PV1':
      event.visit = {
        patientClass: m.value(s, 2),
        ward: m.value(s, 3),
        room: m.value(s, 3, 1, 2),
        bed: m.value(s, 3, 1, 3),
        attendingId: m.value(s, 7),
        attendingName: m.value(s, 7, 1, 2),
        service: m.value(s, 10),
        visitNumber: m.value(s, 19),
        admitTs: m.value(s, 44),
        dischargeTs: m.value(s, 45),
      };
      break;
    case 'OBR':
      event.orders.push({
        placer: m.value(s, 2),
        filler: m.value(s, 3),
        code: m.value(s, 4),
        name: m.value(s, 4, 1, 2),
        observationTs: m.value(s, 7),
        status: m.value(s, 25),
      });
      break;
    case 'OBX':
      event.observations.push({
        valueType: m.value(s, 2),
        code: m.value(s, 3),
        name: m.value(s, 3, 1, 2),
        value: m.value(s, 5),
        units: m.value(s, 6),
        range: m.value(s, 7),
        flag: m.value(s, 8),
        status: m.value(s, 11),
        ts: m.value(s, 14),
      });
      break;
    case 'FT1':
      event.charges.push({
        id: m.value(s, 2),
        ts: m.value(s, 4),
        type: m.value(s, 6),
        code: m.value(s, 7),
        description: m.value(s, 7, 1, 2),
        quantity: m.value(s, 10),
        amount: m.value(s, 11),
      });
      break;
    case 'TXA':
      event.document = {
        type: m.value(s, 2),
        activityTs: m.value(s, 4),
        authorId: m.value(s, 5),
        documentNumber: m.value(s, 12),
        placer: m.value(s, 14),
        status: m.value(s, 17),
      };
      break;
    default:
  }
}
