import { seededRandom } from '../../../index.ts';
import type { GenerateRecord, Random } from '../../../index.ts';
import { BREAKAGES, breakMessage } from './break-message.ts';
import { LANES, makeEncounter, pick } from './encounter.ts';
import { frame } from './frame.ts';
import { STEPS, acknowledgementText, messageText } from './message-text.ts';

/** 2026-01-05T06:00:00Z: before any daylight saving change, so that the facilities' offsets hold for weeks of feed. */
const START_MS = 1_767_592_800_000;
/** Between two messages of the feed: a minute between two of one encounter. */
const STEP_MS = 250;
/** Clocks of one hospital differ by less than what lies between two of a patient's messages. */
const JITTER_MS = 20_000;
/** One message in so many is an acknowledgement, without a patient. */
const ACKNOWLEDGEMENT_EVERY = 97;
/** 0.5 % of the messages are broken. */
const BROKEN_EVERY = 200;
/**
 * The messages of five facilities, interleaved: 256 encounters at a time, each a consistent story of admission, orders,
 * results with the same order numbers, charges, notes, transfer and discharge; patients come back. At the start of the feed
 * encounters are under way already. A function of the index alone, so
 * that a restart goes on with the same messages.
 */
export function generatedFeed(seed: number): GenerateRecord {
  const randomOf = (stream: number): Random =>
    seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b));
  return (index, random) => {
    const lane = index % LANES;
    const turn = Math.floor(index / LANES) + (lane % STEPS.length);
    const encounter = makeEncounter(Math.floor(turn / STEPS.length) * LANES + lane, randomOf);
    const step = pick(STEPS, turn % STEPS.length);
    const facts = {
      encounter,
      controlId: `${encounter.facility.facility}${String(index).padStart(9, '0')}`,
      atMs: START_MS + index * STEP_MS - encounter.delayMs - random.below(JITTER_MS),
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
