import { parseTimestamp } from '../timestamp/parse-timestamp.ts';
import type { Hl7Message } from './hl7-message.ts';
import type { Hl7Warning } from './problem.ts';
import { addWarning } from './segment-index.ts';

/** Every version HL7 has published (table 0104). */
const VERSIONS = new Set([
  ...['2.0', '2.0D', '2.1', '2.2', '2.3', '2.3.1', '2.3.2', '2.4', '2.5', '2.5.1', '2.6', '2.7', '2.7.1'],
  ...['2.8', '2.8.1', '2.8.2', '2.9', '2.9.1'],
]);

/** Types whose messages have no trigger event (acknowledgements, HL7 v2 chapter 2). */
const TYPES_WITHOUT_TRIGGER = new Set(['ACK', 'MCF', 'NMD']);

/**
 * What is odd about MSH but passes; false when MSH-9.1 is empty, which does not. Fields are read in their order, which
 * is one pass over the segment.
 */
export function checkHeader(message: Hl7Message, warnings: Hl7Warning[]): boolean {
  const sent = message.value(0, 7);
  if (sent !== undefined && !isSpecTimestamp(sent)) {
    const sentence = 'MSH-7 is no HL7 timestamp: the time of arrival is used instead.';
    addWarning(warnings, 'W_BAD_DTM_MSH7', message.fieldPosition(0, 7), sentence);
  }
  const type = message.value(0, 9);
  if (type === undefined) {
    return false;
  }
  if (message.value(0, 9, 1, 2) === undefined && !TYPES_WITHOUT_TRIGGER.has(type)) {
    const sentence = 'MSH-9.2 has no trigger event: the message structure is a guess.';
    addWarning(warnings, 'W_NO_TRIGGER', message.fieldPosition(0, 9), sentence);
  }
  const version = message.value(0, 12);
  if (version === undefined) {
    const sentence = 'MSH-12 has no version: the newest known definitions are used.';
    addWarning(warnings, 'W_NO_VERSION', message.fieldPosition(0, 12), sentence);
  } else if (!VERSIONS.has(version)) {
    const sentence = 'MSH-12 names no published version: the newest known definitions are used.';
    addWarning(warnings, 'W_UNKNOWN_VERSION', message.fieldPosition(0, 12), sentence);
  }
  return true;
}

const TIMED_VALUE_TYPES = new Set(['DT', 'TS', 'DTM']);
const UPPER_D = 0x44;
const UPPER_T = 0x54;

/** OBX-5 values that their OBX-2 calls a date or time but that are none. */
export function checkObservationTimes(message: Hl7Message, warnings: Hl7Warning[]): void {
  for (let obx = message.findSegment('OBX'); obx >= 0; obx = message.findSegment('OBX', obx + 1)) {
    // Most observations are numbers or text: a look at one byte spares making a string of each type.
    const initial = message.source[message.fieldPosition(obx, 2)] ?? 0;
    if ((initial === UPPER_D || initial === UPPER_T) && !hasGoodTime(message, obx)) {
      const sentence = 'OBX-5 is no HL7 timestamp although OBX-2 says so.';
      addWarning(warnings, 'W_BAD_DTM', message.fieldPosition(obx, 5), sentence);
      return;
    }
  }
}

function hasGoodTime(message: Hl7Message, obx: number): boolean {
  if (!TIMED_VALUE_TYPES.has(message.value(obx, 2) ?? '')) {
    return true;
  }
  const value = message.value(obx, 5);
  return value === undefined || isSpecTimestamp(value);
}

function isSpecTimestamp(text: string): boolean {
  const read = parseTimestamp(text);
  return read.kind === 'timestamp' && read.outOfSpec === undefined;
}
