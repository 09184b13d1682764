import { lengthPrefixed, readLengthPrefixed, sectionPrefix } from '../../shared/checkpoint/state-key-parts.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { KeyPart } from '../state/key-context.ts';

/**
 * A timer is a row without a value in a state of its own (one for event time, one for processing time):
 *   section ‖ timestamp (8 B, big endian, sign flipped) ‖ length-prefixed key ‖ length-prefixed namespace
 * so the timers of a key group stand in the order in which they fire, and the same timer twice is one row.
 */
export interface Timer {
  readonly section: number;
  readonly row: Binary;
  readonly timestampMs: number;
  readonly key: Binary;
  readonly namespace: Binary;
}

const SECTION_BYTES = 4;
const TIME_BYTES = 8;
const TWO_32 = 0x100000000;

export function timerRow(section: number, timestampMs: number, { part }: KeyPart, namespace: Binary): Binary {
  return sectionPrefix(section) + formatTime(timestampMs) + part + lengthPrefixed(namespace);
}

export function parseTimer(section: number, row: Binary): Timer {
  const key = readLengthPrefixed(row, SECTION_BYTES + TIME_BYTES);
  const namespace = readLengthPrefixed(row, key.end);
  return { section, row, timestampMs: timeOfRow(row), key: key.part, namespace: namespace.part };
}

/** The time of a row, or of the beginning of one; −∞ for a bare section: all of it lies behind. */
export function timeOfRow(row: Binary): number {
  if (row.length < SECTION_BYTES + TIME_BYTES) {
    return -Infinity;
  }
  const high = word(row, SECTION_BYTES) - 0x80000000;
  return high * TWO_32 + word(row, SECTION_BYTES + 4);
}

/** Whole milliseconds between ±2^53. Flipping the sign bit makes byte order the order of numbers. */
function formatTime(ms: number): Binary {
  const high = Math.floor(ms / TWO_32);
  return formatWord(high + 0x80000000) + formatWord(ms - high * TWO_32);
}

function formatWord(value: number): Binary {
  return String.fromCharCode(
    Math.floor(value / 0x1000000) & 0xff,
    (value >>> 16) & 0xff,
    (value >>> 8) & 0xff,
    value & 0xff,
  );
}

function word(from: Binary, at: number): number {
  return (
    from.charCodeAt(at) * 0x1000000 +
    ((from.charCodeAt(at + 1) << 16) | (from.charCodeAt(at + 2) << 8) | from.charCodeAt(at + 3))
  );
}
