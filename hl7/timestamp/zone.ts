import { epochFromCivil } from './civil-date.ts';

/** Named zones kept with their formatter; a facility has one, a deployment has tens. */
const ZONES_MAX = 256;

const formatters = new Map<string, Intl.DateTimeFormat | undefined>();

/** Whether `zone` is a fixed offset (`+01:00`, `-0330`, `Z`) or an IANA zone that the platform knows. */
export function isKnownZone(zone: string): boolean {
  return fixedOffsetMinutes(zone) !== undefined || formatterOf(zone) !== undefined;
}

/**
 * The offset from UTC, in minutes, that holds in `zone` at a local time (given as if it were UTC). In the hour that a
 * clock change repeats it is the first, in the hour that one skips it is the offset before the change, as java.time
 * and Temporal ("compatible") have it. Undefined for a zone that is not known.
 */
export function offsetMinutesAt(zone: string, localMs: number): number | undefined {
  const fixed = fixedOffsetMinutes(zone);
  if (fixed !== undefined) {
    return fixed;
  }
  const formatter = formatterOf(zone);
  if (formatter === undefined) {
    return undefined;
  }
  // Any change lies between the offsets of the day before and the day after.
  const before = offsetAtInstant(formatter, localMs - 86_400_000);
  const after = offsetAtInstant(formatter, localMs + 86_400_000);
  if (before === after) {
    return before;
  }
  const isEarlier = offsetAtInstant(formatter, localMs - before * 60_000) === before;
  const isLater = offsetAtInstant(formatter, localMs - after * 60_000) === after;
  return isEarlier || !isLater ? before : after;
}

/** Minutes of a fixed offset such as `+0100`, `-03:30`, `Z` or `UTC`. */
export function fixedOffsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'UTC') {
    return 0;
  }
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (match === null) {
    return undefined;
  }
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return match[1] === '-' ? -minutes : minutes;
}

function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  if (formatters.has(zone)) {
    return formatters.get(zone);
  }
  if (formatters.size >= ZONES_MAX) {
    formatters.clear();
  }
  const formatter = openFormatter(zone);
  formatters.set(zone, formatter);
  return formatter;
}

function openFormatter(timeZone: string): Intl.DateTimeFormat | undefined {
  const digits = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  try {
    return new Intl.DateTimeFormat('en-u-ca-iso8601-nu-latn', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      ...digits,
    });
  } catch {
    return undefined; // Intl reports an unknown zone by throwing; that is an answer here, not a failure.
  }
}

function offsetAtInstant(formatter: Intl.DateTimeFormat, epochMs: number): number {
  const parts = new Map(formatter.formatToParts(epochMs).map((part) => [part.type, Number(part.value)]));
  const local = epochFromCivil({
    year: parts.get('year') ?? 0,
    month: parts.get('month') ?? 1,
    day: parts.get('day') ?? 1,
    hour: parts.get('hour') ?? 0,
    minute: parts.get('minute') ?? 0,
    second: parts.get('second') ?? 0,
    millisecond: 0,
  });
  return Math.round((local - Math.floor(epochMs / 1000) * 1000) / 60_000);
}
