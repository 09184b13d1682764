import type { DuplicatePolicy } from '../../hl7/duplicates/duplicate-policy.ts';
import type { FacilitySettings } from '../../hl7/facility/facility-registry.ts';
import type { ValidationMode } from '../../hl7/validate/validation-modes.ts';

/** What the steps behind the shuffle must know of a message's sender. */
export interface Sender {
  readonly facilityId: string;
  readonly sourceSystem: string;
  readonly zone: string | undefined;
  /** The character set its message was read in, because it declares none itself. */
  readonly charset: string | undefined;
  readonly contract: ValidationMode;
  /** What becomes of a message that is sent again. */
  readonly duplicates: DuplicatePolicy;
  /** All of it as text, in ASCII: how it crosses to another subtask. The same sender has the same text. */
  readonly text: string;
}

/** What a message adds to what is known of its sender. */
export interface SenderFacts {
  /** MSH-3.1. */
  readonly application: string | undefined;
  readonly contract: ValidationMode;
  readonly duplicates: DuplicatePolicy;
  /** The message declares no character set itself (MSH-18). */
  readonly isCharsetUsed: boolean;
}

/** MSH-3 is the sender's to choose, so their number is bounded; beyond, all are forgotten and made anew. */
const SENDERS_MAX = 10_000;
/** A sender with a longer text is made anew each time, so that what is remembered is small. */
const TEXT_UNITS_MAX = 1_024;

/** Makes every sender once: thousands of messages a second come from a handful of them. */
export class Senders {
  readonly #bySettings = new Map<FacilitySettings, Map<string, Sender>>();
  readonly #byText = new Map<string, Sender>();
  #count = 0;

  of(settings: FacilitySettings, facts: SenderFacts): Sender {
    const { application, contract, duplicates, isCharsetUsed } = facts;
    const sourceSystem = settings.sourceSystem ?? application ?? 'UNKNOWN';
    const name = `${isCharsetUsed ? 'c' : '-'}${sourceSystem}`;
    const known = this.#bySettings.get(settings)?.get(name);
    if (known !== undefined) {
      return known;
    }
    const { facilityId, zone } = settings;
    const charset = isCharsetUsed ? settings.charset : undefined;
    const sender = senderOf({ facilityId, sourceSystem, zone, charset, contract, duplicates });
    if (sender.text.length > TEXT_UNITS_MAX) {
      return sender;
    }
    this.#forgetWhenFull();
    const ofSettings = this.#bySettings.get(settings) ?? new Map<string, Sender>();
    this.#bySettings.set(settings, ofSettings.set(name, sender));
    return sender;
  }

  /** The sender of a text that `of` made in another process. */
  fromText(text: string): Sender {
    const known = this.#byText.get(text);
    if (known !== undefined) {
      return known;
    }
    const sender = parseSender(text);
    if (text.length <= TEXT_UNITS_MAX) {
      this.#forgetWhenFull();
      this.#byText.set(text, sender);
    }
    return sender;
  }

  #forgetWhenFull(): void {
    this.#count += 1;
    if (this.#count > SENDERS_MAX) {
      this.#bySettings.clear();
      this.#byText.clear();
      this.#count = 0;
    }
  }
}

function senderOf(fields: Omit<Sender, 'text'>): Sender {
  const { facilityId, sourceSystem, zone, charset, contract, duplicates } = fields;
  const json = JSON.stringify([facilityId, sourceSystem, zone ?? null, charset ?? null, contract, duplicates]);
  return { ...fields, text: json.replaceAll(/[^\x20-\x7e]/g, escapeUnit) };
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function parseSender(text: string): Sender {
  const json: unknown = JSON.parse(text);
  const part = (index: number): string | undefined => {
    const value: unknown = Array.isArray(json) ? json[index] : undefined;
    return typeof value === 'string' ? value : undefined;
  };
  const [facilityId, sourceSystem, contract, duplicates] = [part(0), part(1), part(4), part(5)];
  const isMode = contract === 'off' || contract === 'warn' || contract === 'dead-letter';
  const isPolicy = duplicates === 'drop' || duplicates === 'pass' || duplicates === 'dead-letter';
  if (facilityId === undefined || sourceSystem === undefined || !isMode || !isPolicy) {
    throw new TypeError('the sender of a message between two subtasks is damaged');
  }
  return { facilityId, sourceSystem, zone: part(2), charset: part(3), contract, duplicates, text };
}
