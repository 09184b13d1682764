import type { Identifier, Location } from '../../../hl7/extract/typed-record.ts';
import type { PatientStep } from './patients.ts';
import { isSameForOthers } from './visit.ts';
import type { Visit } from './visit.ts';

/** What an encounter record says of the message that made it. */
export interface EncounterSource {
  readonly messageType: string;
  readonly trigger?: string | undefined;
  readonly controlId: string;
  readonly eventTime: string;
  readonly sourceSystem: string;
  readonly facilityId: string;
  readonly ingestionTs: string;
}

/**
 * A patient's visit after a change, whole: the last record of a key is how things stand, so the topic may be compacted.
 * Fields that are not known are absent.
 */
export interface EncounterRecord extends EncounterSource {
  /** The patient key: also the record's. */
  readonly patient: string;
  /** As in `Visit`; `cancelled`: the visit never was; `merged`: the key is no longer in use. */
  readonly status: Visit['status'] | 'cancelled' | 'merged';
  readonly visitNumber?: Identifier | undefined;
  readonly class?: string | undefined;
  readonly location?: Location | undefined;
  readonly admittedAt?: string | undefined;
  readonly dischargedAt?: string | undefined;
  /** The patient key that took this one's place. */
  readonly mergedInto?: string | undefined;
  /** Orders that wait for their result. */
  readonly openOrders: number;
}

export interface EncounterDetails {
  /** The typed record itself will do: only what an encounter record says of it is taken. */
  readonly source: EncounterSource;
  readonly patients: { countOpenOrders(): number };
}

export function encounterSourceOf(source: EncounterSource): EncounterSource {
  const { messageType, trigger, controlId, eventTime, sourceSystem, facilityId, ingestionTs } = source;
  return { messageType, trigger, controlId, eventTime, sourceSystem, facilityId, ingestionTs };
}

/** The encounter record of a change; undefined when nothing changed that others are told of. */
export function encounterOf(patient: string, step: PatientStep, about: EncounterDetails): EncounterRecord | undefined {
  const { before, after } = step;
  if (before.mergedInto === after.mergedInto && isSameForOthers(before.visit, after.visit)) {
    return undefined;
  }
  const visit = after.visit ?? before.visit;
  return {
    patient,
    status: statusOf(step),
    visitNumber: visit?.number,
    class: visit?.class,
    location: visit?.location,
    admittedAt: visit?.admittedAt,
    dischargedAt: visit?.dischargedAt,
    mergedInto: after.mergedInto,
    openOrders: about.patients.countOpenOrders(),
    ...encounterSourceOf(about.source),
  };
}

function statusOf({ before, after }: PatientStep): EncounterRecord['status'] {
  if (after.mergedInto !== undefined) {
    return 'merged';
  }
  return after.visit?.status ?? (before.visit === undefined ? 'unknown' : 'cancelled');
}
