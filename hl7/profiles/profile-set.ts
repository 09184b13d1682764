import type { Hl7Message } from '../message/hl7-message.ts';
import core from './core.json' with { type: 'json' };
import { parseProfile, type Hl7Profile, type ProfileCondition } from './profile-wire.ts';
import standard from './standard.json' with { type: 'json' };

export type ProfileSetResult =
  | { readonly kind: 'profiles'; readonly profiles: ProfileSet }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** The profiles a process knows, by name: the two that come with it (`core`, `standard`) and its users' own. */
export class ProfileSet {
  readonly #profiles: readonly Hl7Profile[];

  constructor(profiles: readonly Hl7Profile[]) {
    this.#profiles = profiles;
  }

  get names(): ReadonlySet<string> {
    return new Set(this.#profiles.map((profile) => profile.name));
  }

  /** The profile that the facility names; else the first whose `appliesTo` fits MSH-9, MSH-12 and MSH-21; else none. */
  choose(message: Hl7Message, named: string | undefined): Hl7Profile | undefined {
    return named === undefined
      ? this.#profiles.find(({ appliesTo }) => appliesTo !== undefined && fits(message, appliesTo))
      : this.#profiles.find(({ name }) => name === named);
  }
}

/** Builds the set from the JSON of the users' profile files. Users' profiles stand before ours and may replace them by name. */
export function parseProfiles(files: readonly unknown[]): ProfileSetResult {
  const profiles: Hl7Profile[] = [];
  const problems: string[] = [];
  for (const [index, json] of [...files, core, standard].entries()) {
    const parsed = parseProfile(json);
    if (parsed.kind === 'profile') {
      profiles.push(parsed.profile);
    } else {
      problems.push(...parsed.problems.map((problem) => `Profile ${index + 1}: ${problem}`));
    }
  }
  return problems.length > 0 ? { kind: 'invalid', problems } : { kind: 'profiles', profiles: new ProfileSet(profiles) };
}

/** Whether a condition fits a message. */
export function fits(message: Hl7Message, condition: ProfileCondition): boolean {
  return (
    includes(condition.messageTypes, message.value(0, 9, 1, 1)) &&
    includes(condition.triggers, message.value(0, 9, 1, 2)) &&
    includes(condition.versions, message.value(0, 12)) &&
    (condition.profileIds === undefined || profileIds(message).some((id) => includes(condition.profileIds, id)))
  );
}

function includes(allowed: readonly string[] | undefined, value: string | undefined): boolean {
  return allowed === undefined || (value !== undefined && allowed.includes(value));
}

function profileIds(message: Hl7Message): string[] {
  const ids: string[] = [];
  for (let repetition = 1; repetition <= message.repetitionCount(0, 21); repetition++) {
    ids.push(message.value(0, 21, repetition) ?? '');
  }
  return ids;
}
