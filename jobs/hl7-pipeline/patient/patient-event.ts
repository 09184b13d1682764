import type { Identifier, Location, PatientSection, TypedRecord } from '../../../hl7/extract/typed-record.ts';
import { keyOf } from '../../../hl7/patient/patient-key.ts';
import { toIsoUtc } from '../../../hl7/timestamp/to-iso-utc.ts';
import { orderEventsOf } from './order-event.ts';
import type { OrderEvent } from './order-event.ts';

/** What a message tells about one patient's stay and orders: all that the patient's state is made from. Plain data. */
export interface PatientEvent {
  /** The trigger of an ADT message (MSH-9.2); undefined for other messages, whose PV1 changes nothing. */
  readonly trigger?: string | undefined;
  /** When the message was made (MSH-7), no later than it was received: a sender's clock that is ahead does not count. ISO, UTC. */
  readonly at: string;
  readonly visit?: VisitFacts | undefined;
  readonly orders: readonly OrderEvent[];
  /** The patient key that takes the place of this one from now on (A40 and the like). */
  readonly mergedInto?: string | undefined;
}

/** PV1 and EVN, as far as the state needs them. Absent: not said. */
export interface VisitFacts {
  /** PV1-19, whole. */
  readonly number?: Identifier | undefined;
  /** The same as text: equal for equal visits. */
  readonly id?: string | undefined;
  /** PV1-2. */
  readonly class?: string | undefined;
  /** PV1-3; `null` when the sender deleted it. */
  readonly location?: Location | null | undefined;
  /** PV1-44, else EVN-6. */
  readonly admittedAt?: string | undefined;
  /** PV1-45, else EVN-6. */
  readonly dischargedAt?: string | undefined;
}

/**
 * ADT triggers after which the identifiers of MRG-1 are those of the PID before it (HL7 3.3): merges of patients and persons, and
 * a change of the identifier list. Merges of accounts and visits, moves and links leave the patient's key valid.
 */
const RETIRING: ReadonlySet<string> = new Set(['A18', 'A30', 'A34', 'A36', 'A39', 'A40', 'A47']);

export function isRetiring(trigger: string | undefined): boolean {
  return trigger !== undefined && RETIRING.has(trigger);
}

const NO_ORDERS: readonly OrderEvent[] = [];

/** What a message tells about the patient of one of its sections. `receivedMs`: epoch milliseconds. */
export function patientEventOf(record: TypedRecord, section: PatientSection, receivedMs: number): PatientEvent {
  const at = earlier(record.eventTime, receivedMs);
  if (record.messageType !== 'ADT') {
    return { at, orders: orderEventsOf(record.messageType, section) };
  }
  const visit = section.visit === undefined ? undefined : visitFacts(record, section);
  return { trigger: record.trigger, at, visit, orders: NO_ORDERS };
}

function visitFacts({ event }: TypedRecord, { visit }: PatientSection): VisitFacts {
  const id = visitId(visit?.visitNumber);
  const occurredAt = said(event?.occurredAt);
  return {
    number: id === undefined ? undefined : said(visit?.visitNumber),
    id,
    class: said(visit?.class),
    location: visit?.location,
    admittedAt: said(visit?.admittedAt) ?? occurredAt,
    dischargedAt: said(visit?.dischargedAt) ?? occurredAt,
  };
}

/** A visit number, told apart from those of other authorities. */
function visitId(number: Identifier | null | undefined): string | undefined {
  const id = said(number?.id);
  return id === undefined ? undefined : keyOf(number?.authority ?? '', id);
}

/** Both always UTC and of one shape: the order of the texts is the order of the times. */
function earlier(eventTime: string, receivedMs: number): string {
  const received = toIsoUtc(receivedMs);
  return eventTime < received ? eventTime : received;
}

/** Neither left out nor deleted. */
function said<T>(field: T | null | undefined): T | undefined {
  return field ?? undefined;
}
