import { seededRandom } from '../../../index.ts';
import type { GenerateRecord, Random } from '../../../index.ts';
import { BREAKAGES, breakMessage } from './break-message.ts';
import { LANES, makeEncounter, pick } from './encounter.ts';
import { frame } from './frame.ts';
import { STEPS, acknowledgementText, messageText } from './message-text.ts';

/** 2026-01-05T06:00:00Z: before any daylight saving change, so that the facilities' offsets hold for weeks of feed. */
const START_MS = 1_767_592_800_000;
const STEP_MS = 40;
/** One message in so many is an acknowledgement, without a patient. */
const ACKNOWLEDGEMENT_EVERY = 97;
/** 0.5 % of the messages are broken. */
const BROKEN_EVERY = 200;
/** One message in so many is late, by up to five minutes. */
const LATE_EVERY = 6;
const LATE_MS_MAX = 300_000;

/**
 * The messages of five facilities, interleaved: 64 encounters at a time, each a consistent story of admission, orders, results
 * with the same order numbers, charges, notes, transfer and discharge; patients come back. A function of the index alone, so
 * that a restart goes on with the same messages.
 */
export function generatedFeed(seed: number): GenerateRecord {
  const randomOf = (stream: number): Random =>
    seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b));
  return (index, random) => {
    const turn = Math.floor(index / LANES);
    const encounter = makeEncounter(Math.floor(turn / STEPS.length) * LANES + (index % LANES), randomOf);
    const step = pick(STEPS, turn % STEPS.length);
    const lateMs = random.below(LATE_EVERY) === 0 ? random.below(LATE_MS_MAX) : 0;
    const facts = {
      encounter,
      controlId: `${encounter.facility.facility}${String(index).padStart(9, '0')}`,
      atMs: START_MS + index * STEP_MS - lateMs,
      random,
    };
    const isAcknowledgement = index % ACKNOWLEDGEMENT_EVERY === ACKNOWLEDGEMENT_EVERY - 1;
    if (isAcknowledgement) {
      return { value: frame(acknowledgementText(facts)) };
    }
    const text = messageText(step, facts);
    if (random.below(BROKEN_EVERY) === 0) {
      return { value: breakMessage(text, pick(BREAKAGES, random.below(BREAKAGES.length)), random) };
    }
    return { value: frame(text) };
  };
}
