import { defaultDuplicatePolicy } from '../duplicates/duplicate-policy.ts';
import { isKnownCharset } from '../charset/known-charset.ts';
import { isKnownZone } from '../timestamp/zone.ts';
import { defaultPatientKeyRules } from '../patient/patient-key.ts';
import { defaultValidationModes } from '../validate/validation-modes.ts';
import {
  FacilityRegistry,
  senderKey,
  type Facility,
  type FacilityMatch,
  type FacilitySettings,
} from './facility-registry.ts';
import {
  parseRegistryWire,
  type FacilityWire,
  type RegistryWire,
  type SettingsWire,
} from './facility-registry-wire.ts';

export type FacilityRegistryResult =
  | { readonly kind: 'registry'; readonly registry: FacilityRegistry }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/**
 * Builds the registry from the JSON of its file (format: hl7/schemas/facility-registry.schema.json, with an example in
 * hl7/schemas/README.md). Every problem is reported at once, each with the place where it stands.
 *
 * @param profiles names of the HL7 profiles there are; a facility that names another one is a problem. Undefined: not checked.
 */
export function parseFacilityRegistry(json: unknown, profiles?: ReadonlySet<string>): FacilityRegistryResult {
  const parsed = parseRegistryWire(json);
  if (parsed.kind === 'invalid') {
    return parsed;
  }
  const { wire } = parsed;
  const problems = [...settingsProblems(wire, profiles), ...senderProblems(wire.facilities)];
  if (problems.length > 0) {
    return { kind: 'invalid', problems };
  }
  const facilities = wire.facilities.map((facility): Facility => {
    return {
      match: facility.match,
      settings: settingsOf(facility.id, facility.sourceSystem, [facility, wire.defaults ?? {}]),
    };
  });
  const unknown = {
    settings: settingsOf(wire.unknownFacility?.facilityId ?? 'UNKNOWN', undefined, [wire.defaults ?? {}]),
    action: wire.unknownFacility?.action ?? 'warn',
  };
  return { kind: 'registry', registry: new FacilityRegistry(facilities, unknown) };
}

/** The first layer that says something about a setting decides it; what no layer says is the built-in default. */
function settingsOf(
  facilityId: string,
  sourceSystem: string | undefined,
  layers: readonly SettingsWire[],
): FacilitySettings {
  function first<T>(read: (layer: SettingsWire) => T | undefined): T | undefined {
    return layers.map(read).find((value) => value !== undefined);
  }
  return {
    facilityId,
    sourceSystem,
    zone: first((layer) => layer.zone),
    charset: first((layer) => layer.charset),
    profile: first((layer) => layer.profile),
    key: {
      types: first((layer) => layer.key?.types) ?? defaultPatientKeyRules.types,
      authorities: first((layer) => layer.authorities) ?? defaultPatientKeyRules.authorities,
      excludedTypes: first((layer) => layer.key?.excludedTypes) ?? defaultPatientKeyRules.excludedTypes,
      authoritiesOnly: first((layer) => layer.key?.authoritiesOnly) ?? defaultPatientKeyRules.authoritiesOnly,
      defaultAuthority: first((layer) => layer.key?.defaultAuthority),
    },
    validation: {
      syntax: first((layer) => layer.validation?.syntax) ?? defaultValidationModes.syntax,
      profile: first((layer) => layer.validation?.profile) ?? defaultValidationModes.profile,
      contract: first((layer) => layer.validation?.contract) ?? defaultValidationModes.contract,
    },
    duplicates: first((layer) => layer.duplicates) ?? defaultDuplicatePolicy,
  };
}

function settingsProblems(wire: RegistryWire, profiles: ReadonlySet<string> | undefined): string[] {
  const problems: string[] = [];
  const places: [string, SettingsWire][] = wire.facilities.map((facility, index) => [`/facilities/${index}`, facility]);
  for (const [place, settings] of [['/defaults', wire.defaults ?? {}] satisfies [string, SettingsWire], ...places]) {
    if (settings.zone !== undefined && !isKnownZone(settings.zone)) {
      problems.push(`${place}/zone is no time zone this runtime knows: use an IANA name such as Europe/Prague.`);
    }
    if (settings.charset !== undefined && !isKnownCharset(settings.charset)) {
      problems.push(
        `${place}/charset is no character set of HL7 table 0211: use a name such as 8859/1 or UNICODE UTF-8.`,
      );
    }
    if (settings.profile !== undefined && profiles?.has(settings.profile) === false) {
      problems.push(`${place}/profile names no profile there is: one of ${[...profiles].join(', ')}.`);
    }
    if (settings.key?.types?.some((type) => type === 'SS' || type === 'SSN') === true) {
      problems.push(`${place}/key/types must not hold a social security number (SS): a patient is never keyed by it.`);
    }
  }
  return problems;
}

/** Two facilities that claim one sender would make the answer depend on the order of the file. */
function senderProblems(facilities: readonly FacilityWire[]): string[] {
  const problems: string[] = [];
  const ids = new Map<string, number>();
  const senders = new Map<string, number>();
  facilities.forEach((facility, index) => {
    const twin = ids.get(facility.id);
    if (twin !== undefined) {
      problems.push(
        `/facilities/${index}/id is the same as /facilities/${twin}/id: list one facility with all its senders.`,
      );
    }
    ids.set(facility.id, index);
    facility.match.forEach((match, at) => {
      const other = senders.get(senderKey(match));
      if (other !== undefined) {
        problems.push(
          `/facilities/${index}/match/${at} (${describeSender(match)}) is already a sender of /facilities/${other}.`,
        );
      }
      senders.set(senderKey(match), index);
    });
  });
  return problems;
}

function describeSender({ facility, application }: FacilityMatch): string {
  return [
    ...(facility === undefined ? [] : [`MSH-4 ${facility}`]),
    ...(application === undefined ? [] : [`MSH-3 ${application}`]),
  ].join(', ');
}
