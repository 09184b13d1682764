import type { Identifier, Location } from '../../../hl7/extract/typed-record.ts';
import type { PatientEvent, VisitFacts } from './patient-event.ts';

/**
 *   expected    pre-admitted (A05)
 *   registered  an outpatient or emergency patient who has come (A04, A07)
 *   admitted    an inpatient (A01, A06)
 *   discharged  the visit has ended (A03)
 *   unknown     the patient is somewhere, by a transfer or an update: how the visit began was not seen
 */
export type VisitStatus = 'expected' | 'registered' | 'admitted' | 'discharged' | 'unknown';

/** The visit that a patient is in, or was in last. Plain data: it is the patient's state. */
export interface Visit {
  readonly status: VisitStatus;
  /** The time of the last event that counted. */
  readonly at: string;
  /** PV1-19 as text: equal for equal visits. */
  readonly id?: string | undefined;
  readonly number?: Identifier | undefined;
  readonly class?: string | undefined;
  readonly location?: Location | undefined;
  readonly admittedAt?: string | undefined;
  readonly dischargedAt?: string | undefined;
  /** What a cancellation returns to. */
  readonly before?: Standing | undefined;
}

interface Standing {
  readonly status: VisitStatus;
  readonly location?: Location | undefined;
}

/** An ADT event and the visit it comes upon. */
interface Situation {
  /** The visit so far. */
  readonly visit: Visit | undefined;
  /** The same, when the event is about it. */
  readonly own: Visit | undefined;
  readonly facts: VisitFacts;
  readonly at: string;
}

/**
 * The visit after an event (HL7 chapter 3.3); the same object when nothing changes, undefined when no visit is left.
 *
 * V1  An event that is older than the last one that counted changes nothing.
 * V2  An event about another visit (PV1-19) begins that visit when it says where the patient is now (A01, A02, A04, A06, A07,
 *     A17); an update, a discharge or a cancellation of another visit is of the past or the future, and changes nothing.
 * V3  What an event does not say stays; what it deletes (the HL7 null) goes.
 */
export function nextVisit(visit: Visit | undefined, event: PatientEvent): Visit | undefined {
  if (event.trigger === undefined || (visit !== undefined && event.at < visit.at)) {
    return visit;
  }
  const facts = event.visit ?? {};
  const own = visit !== undefined && isSameVisit(visit, facts) ? visit : undefined;
  const transition = TRANSITIONS[event.trigger];
  return transition === undefined ? visit : transition({ visit, own, facts, at: event.at });
}

/** Whether anything changed that others are told of. */
export function isSameForOthers(a: Visit | undefined, b: Visit | undefined): boolean {
  if (a === b || a === undefined || b === undefined) {
    return a === b;
  }
  const isSameStay = a.status === b.status && a.admittedAt === b.admittedAt && a.dischargedAt === b.dischargedAt;
  const isSamePlace = a.location === b.location || JSON.stringify(a.location) === JSON.stringify(b.location);
  return isSameStay && isSamePlace && a.id === b.id && a.class === b.class;
}

/** As it is stored: what is not known takes no room. */
export function compactVisit({ status, at, ...facts }: Visit): Visit {
  const { id, number, class: ofClass, location, admittedAt, dischargedAt, before } = facts;
  return {
    status,
    at,
    ...(id === undefined ? {} : { id }),
    ...(number === undefined ? {} : { number }),
    ...(ofClass === undefined ? {} : { class: ofClass }),
    ...(location === undefined ? {} : { location }),
    ...(admittedAt === undefined ? {} : { admittedAt }),
    ...(dischargedAt === undefined ? {} : { dischargedAt }),
    ...(before === undefined ? {} : { before }),
  };
}

const TRANSITIONS: Readonly<Record<string, (situation: Situation) => Visit | undefined>> = {
  A01: admit,
  A02: move,
  A03: discharge,
  A04: register,
  A05: expectPatient,
  A06: admit,
  A07: (situation) => begin('registered', situation),
  A08: update,
  A11: cancelArrival,
  A12: cancelMove,
  A13: cancelDischarge,
  A17: move,
  A38: cancelExpectation,
};

function admit(situation: Situation): Visit {
  const admitted = begin('admitted', situation);
  return { ...admitted, admittedAt: situation.facts.admittedAt ?? admitted.admittedAt ?? situation.at };
}

/** Some senders register again what they have admitted: that is no discharge from the ward. */
function register(situation: Situation): Visit {
  return begin(situation.own?.status === 'admitted' ? 'admitted' : 'registered', situation);
}

/** A visit that had ended begins anew. */
function begin(status: VisitStatus, { own, facts, at }: Situation): Visit {
  if (own === undefined || own.status === 'discharged') {
    return { ...withFacts(undefined, facts), status, at };
  }
  return { ...withFacts(own, facts), status, at, before: own.status === status ? own.before : standing(own) };
}

/** A visit that is under way is not put off. */
function expectPatient(situation: Situation): Visit | undefined {
  const { visit, own } = situation;
  if (visit !== undefined && isPresent(visit)) {
    return visit;
  }
  return begin('expected', { ...situation, own: own?.status === 'expected' ? own : undefined });
}

function move({ own, facts, at }: Situation): Visit {
  const status = own !== undefined && isPresent(own) ? own.status : 'unknown';
  return { ...withFacts(own, facts), status, at, dischargedAt: undefined, before: own && standing(own) };
}

function discharge({ visit, own, facts, at }: Situation): Visit | undefined {
  if (own === undefined && visit !== undefined) {
    return visit;
  }
  const left = { ...withFacts(own, facts), status: 'discharged', at, location: undefined } as const;
  if (own?.status === 'discharged') {
    return { ...left, dischargedAt: facts.dischargedAt ?? own.dischargedAt };
  }
  // PV1-3 of a discharge is where the patient lay.
  const location = own?.location ?? facts.location ?? undefined;
  return {
    ...left,
    dischargedAt: facts.dischargedAt ?? at,
    before: { status: own?.status ?? 'unknown', location },
  };
}

/** Who has left is nowhere, whatever an update says. An update alone does not say that anybody came, only where. */
function update({ visit, own, facts, at }: Situation): Visit | undefined {
  if (own === undefined) {
    const isFound = visit === undefined && facts.location !== undefined && facts.location !== null;
    return isFound ? { ...withFacts(undefined, facts), status: 'unknown', at } : visit;
  }
  const updated = { ...withFacts(own, facts), status: own.status, at };
  return own.status === 'discharged' ? { ...updated, location: undefined } : updated;
}

function cancelArrival({ visit, own, at }: Situation): Visit | undefined {
  if (own === undefined || !isPresent(own)) {
    return visit;
  }
  const { before } = own;
  return before?.status === 'expected'
    ? { ...own, ...before, location: before.location, at, admittedAt: undefined, before: undefined }
    : undefined;
}

/** PV1-3 is where the patient lies again (HL7 3.3.12); a sender that leaves it out means the place before. */
function cancelMove({ visit, own, facts, at }: Situation): Visit | undefined {
  if (own === undefined || !isPresent(own)) {
    return visit;
  }
  const location = facts.location ?? own.before?.location;
  return { ...withFacts(own, facts), status: own.status, at, location, before: undefined };
}

function cancelDischarge({ visit, own, facts, at }: Situation): Visit | undefined {
  if (own?.status !== 'discharged') {
    return visit;
  }
  const { status = 'unknown', location } = own.before ?? {};
  return { ...own, status, at, location: facts.location ?? location, dischargedAt: undefined, before: undefined };
}

function cancelExpectation({ visit, own }: Situation): Visit | undefined {
  return own?.status === 'expected' ? undefined : visit;
}

/** V3. The times of admission and discharge are not taken here: only the events themselves set them. */
function withFacts(visit: Visit | undefined, facts: VisitFacts): Omit<Visit, 'status' | 'at'> {
  return {
    ...visit,
    id: facts.id ?? visit?.id,
    number: facts.number ?? visit?.number,
    class: facts.class ?? visit?.class,
    location: facts.location === undefined ? visit?.location : (facts.location ?? undefined),
  };
}

/** A visit or an event without a number is about the visit at hand. */
function isSameVisit(visit: Visit, facts: VisitFacts): boolean {
  return visit.id === undefined || facts.id === undefined || visit.id === facts.id;
}

function isPresent({ status }: Visit): boolean {
  return status === 'registered' || status === 'admitted' || status === 'unknown';
}

function standing({ status, location }: Visit): Standing {
  return { status, location };
}
