import type { Hl7Message } from '../message/hl7-message.ts';
import { defaultDuplicatePolicy, type DuplicatePolicy } from '../duplicates/duplicate-policy.ts';
import { defaultPatientKeyRules, type PatientKeyRules } from '../patient/patient-key.ts';
import { defaultValidationModes, type ValidationModes } from '../validate/validation-modes.ts';

/** How the messages of one sender are read: complete, with every default filled in. */
export interface FacilitySettings {
  readonly facilityId: string;
  /** Undefined: MSH-3.1 of the message names the source system. */
  readonly sourceSystem: string | undefined;
  readonly zone: string | undefined;
  readonly charset: string | undefined;
  readonly profile: string | undefined;
  readonly key: PatientKeyRules;
  readonly validation: ValidationModes;
  readonly duplicates: DuplicatePolicy;
}

/** A sender: MSH-4.1, MSH-3.1 or both. */
export interface FacilityMatch {
  readonly facility?: string | undefined;
  readonly application?: string | undefined;
}

export interface Facility {
  readonly match: readonly FacilityMatch[];
  readonly settings: FacilitySettings;
}

export type UnknownFacilityAction = 'pass' | 'warn' | 'dead-letter';

export const defaultFacilitySettings: FacilitySettings = {
  facilityId: 'UNKNOWN',
  sourceSystem: undefined,
  zone: undefined,
  charset: undefined,
  profile: undefined,
  key: defaultPatientKeyRules,
  validation: defaultValidationModes,
  duplicates: defaultDuplicatePolicy,
};

export type FacilityLookup =
  | { readonly kind: 'known'; readonly settings: FacilitySettings }
  | { readonly kind: 'unknown'; readonly settings: FacilitySettings; readonly action: UnknownFacilityAction };

/** Finds the settings of a message's sender. Immutable; build one with `parseFacilityRegistry`. */
export class FacilityRegistry {
  readonly facilities: readonly Facility[];
  readonly #bySender = new Map<string, FacilityLookup>();
  readonly #unknown: FacilityLookup;

  constructor(facilities: readonly Facility[], unknown: { settings: FacilitySettings; action: UnknownFacilityAction }) {
    this.facilities = facilities;
    this.#unknown = { kind: 'unknown', ...unknown };
    for (const { match, settings } of facilities) {
      for (const sender of match) {
        this.#bySender.set(senderKey(sender), { kind: 'known', settings });
      }
    }
  }

  /** Both names win over MSH-4 alone, which wins over MSH-3 alone. */
  find(facility: string | undefined, application: string | undefined): FacilityLookup {
    return (
      this.#bySender.get(senderKey({ facility, application })) ??
      this.#bySender.get(senderKey({ facility })) ??
      this.#bySender.get(senderKey({ application })) ??
      this.#unknown
    );
  }

  findFor(message: Hl7Message): FacilityLookup {
    return this.find(message.value(0, 4), message.value(0, 3));
  }
}

/** No facility is known and none is asked for: messages pass without a warning, as facility UNKNOWN. */
export const emptyFacilityRegistry = new FacilityRegistry([], { settings: defaultFacilitySettings, action: 'pass' });

/** The two names cannot contain a NUL, so no two senders share a key. */
export function senderKey({ facility, application }: FacilityMatch): string {
  return `${facility ?? ''}\u0000${application ?? ''}`;
}
