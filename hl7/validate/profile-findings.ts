import type { Hl7Message } from '../message/hl7-message.ts';
import type { Hl7Problem } from '../message/problem.ts';

/** More say nothing new, and a dead letter's headers must stay small. */
const problemsMax = 20;

/** Collects what a profile check finds. */
export class ProfileFindings {
  readonly problems: Hl7Problem[] = [];
  readonly #message: Hl7Message;
  readonly #profile: string;

  /** @param profile how sentences name the rules, for example `profile core 1.0.0` */
  constructor(message: Hl7Message, profile: string) {
    this.#message = message;
    this.#profile = profile;
  }

  /** @param what a predicate such as `is required and missing`; never a value of the message */
  add(place: string, segment: number, what: string, field?: number): void {
    const at =
      field === undefined ? this.#message.segmentPosition(segment) : this.#message.fieldPosition(segment, field);
    this.#push('E_PROFILE', Math.max(at, 0), `${place} ${what} (${this.#profile}).`);
  }

  /**
   * A segment that is not there. When the message stops in the middle of a segment, a size limit somewhere has most likely cut it
   * off: that is said, because the remedy is another one.
   */
  missingSegment(name: string, what: string): void {
    const { bytes } = this.#message;
    const last = bytes.at(-1);
    const isCut = last !== 0x0d && last !== 0x0a && last !== 0x1c;
    if (isCut) {
      this.#push(
        'E_TRUNCATED',
        bytes.length,
        `${name} ${what}, and the last segment has no end: the message was cut off (${this.#profile}).`,
      );
    } else {
      this.#push('E_PROFILE', bytes.length, `${name} ${what} (${this.#profile}).`);
    }
  }

  #push(code: 'E_PROFILE' | 'E_TRUNCATED', position: number, sentence: string): void {
    if (this.problems.length < problemsMax) {
      this.problems.push({ code, stage: 'validate', position, sentence });
    }
  }
}
