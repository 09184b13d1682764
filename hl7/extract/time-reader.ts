import { civilFromEpoch } from '../timestamp/civil-date.ts';
import { parseTimestamp, type Timestamp, type TimestampPrecision } from '../timestamp/parse-timestamp.ts';
import { toIsoUtc } from '../timestamp/to-iso-utc.ts';
import type { SegmentReader } from './segment-reader.ts';
import type { Text } from './typed-record.ts';

/**
 * Reads the times of one message as ISO 8601. A time of day becomes UTC; a date keeps its precision and its day, because "born
 * on the 1st" is true in every zone. What is no time is kept in `unreadable` by its path.
 */
export class TimeReader {
  /** Path → text of the fields that were no times; undefined when all were. */
  unreadable: Record<string, string> | undefined;
  readonly #zone: string | undefined;
  readonly #cache: Map<string, string>;
  /** A result repeats one time in every OBX: the last answer is most often the next one. */
  #lastText = '';
  #lastIso: string | undefined;

  constructor(zone: string | undefined) {
    this.#zone = zone;
    this.#cache = cacheOf(zone ?? 'UTC');
  }

  /** DTM, TS or DT in component 1 of the field's first repetition. */
  time(r: SegmentReader, field: number): Text {
    const text = r.text(field);
    if (typeof text !== 'string') {
      return text;
    }
    if (text !== this.#lastText) {
      this.#lastText = text;
      this.#lastIso = this.#cache.get(text) ?? this.#readTime(text);
    }
    if (this.#lastIso === undefined) {
      this.#keepUnreadable(r, field, text);
    }
    return this.#lastIso;
  }

  #readTime(text: string): string | undefined {
    const read = parseTimestamp(text, this.#zone);
    if (read.kind === 'bad-timestamp') {
      return undefined;
    }
    const iso = isoOf(read, text);
    if (this.#cache.size >= cachedTimesMax) {
      this.#cache.clear();
    }
    this.#cache.set(text, iso);
    return iso;
  }

  /** The date of the field, whatever time of day follows it, in the sender's own calendar: for birth dates. */
  date(r: SegmentReader, field: number): Text {
    const text = r.text(field);
    if (typeof text !== 'string') {
      return text;
    }
    // The wall clock of the sender: its offset or zone must not move the day.
    const read = parseTimestamp(text, 'UTC');
    if (read.kind === 'bad-timestamp') {
      this.#keepUnreadable(r, field, text);
      return undefined;
    }
    return dateOf(read.epochMs + (read.offsetMinutes ?? 0) * 60_000, read.precision);
  }

  #keepUnreadable({ message, segment }: SegmentReader, field: number, text: string): void {
    const name = message.segmentName(segment);
    let occurrence = 1;
    for (let at = message.findSegment(name); at >= 0 && at < segment; at = message.findSegment(name, at + 1)) {
      occurrence += 1;
    }
    (this.unreadable ??= {})[`${name}${occurrence === 1 ? '' : `(${occurrence})`}-${field}`] = text;
  }
}

function isoOf(read: Timestamp, text: string): string {
  switch (read.precision) {
    case 'year':
    case 'month':
    case 'day':
      return read.outOfSpec === 'iso-8601'
        ? text.slice(0, isoLength[read.precision])
        : dateOfDigits(text, read.precision);
    default:
      return toIsoUtc(read.epochMs);
  }
}

/** Characters of `2026`, `2026-03` and `2026-03-01`. */
const isoLength = { year: 4, month: 7, day: 10 } as const;

function dateOfDigits(text: string, precision: 'year' | 'month' | 'day'): string {
  const year = text.slice(0, 4);
  if (precision === 'year') {
    return year;
  }
  const month = text.slice(4, 6);
  return precision === 'month' ? `${year}-${month}` : `${year}-${month}-${text.slice(6, 8)}`;
}

function dateOf(localMs: number, precision: TimestampPrecision): string {
  const { year, month, day } = civilFromEpoch(localMs);
  const yyyy = String(year).padStart(4, '0');
  if (precision === 'year') {
    return yyyy;
  }
  const mm = String(month).padStart(2, '0');
  return precision === 'month' ? `${yyyy}-${mm}` : `${yyyy}-${mm}-${String(day).padStart(2, '0')}`;
}

/** Times that are repeated within seconds: a message's own, and those of the messages around it. */
const cachedTimesMax = 1024;
/** A deployment has as many zones as its senders. */
const cachedZonesMax = 256;

const caches = new Map<string, Map<string, string>>();

function cacheOf(zone: string): Map<string, string> {
  const known = caches.get(zone);
  if (known !== undefined) {
    return known;
  }
  if (caches.size >= cachedZonesMax) {
    caches.clear();
  }
  const cache = new Map<string, string>();
  caches.set(zone, cache);
  return cache;
}
