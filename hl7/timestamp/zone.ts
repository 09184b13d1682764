import { epochFromCivil } from './civil-date.ts';

/** Named zones kept with their formatter; a facility has one, a deployment has tens. */
const ZONES_MAX = 256;

/** Hours kept of each zone: those of a batch of old messages are scattered over years. */
const HOURS_MAX = 4_096;
const MS_PER_HOUR = 3_600_000;

interface Zone {
  readonly formatter: Intl.DateTimeFormat;
  /** By the hour of local time since 1970: the offset that holds in all of it, or that it changes in it. */
  readonly hours: Map<number, number | 'changes'>;
}

const zones = new Map<string, Zone | undefined>();

/** Whether `zone` is a fixed offset (`+01:00`, `-0330`, `Z`) or an IANA zone that the platform knows. */
export function isKnownZone(zone: string): boolean {
  return fixedOffsetMinutes(zone) !== undefined || zoneOf(zone) !== undefined;
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
  const known = zoneOf(zone);
  return known === undefined ? undefined : offsetInHour(known, localMs);
}

/**
 * Asking the platform costs some ten microseconds, and the times of a feed are close to each other: an hour that begins and ends
 * with the same offset has no other in it.
 */
function offsetInHour({ formatter, hours }: Zone, localMs: number): number {
  const hour = Math.floor(localMs / MS_PER_HOUR);
  const cached = hours.get(hour);
  if (typeof cached === 'number') {
    return cached;
  }
  if (cached === 'changes') {
    return offsetAtLocal(formatter, localMs);
  }
  const first = offsetAtLocal(formatter, hour * MS_PER_HOUR);
  const last = offsetAtLocal(formatter, (hour + 1) * MS_PER_HOUR - 1);
  if (hours.size >= HOURS_MAX) {
    hours.clear();
  }
  hours.set(hour, first === last ? first : 'changes');
  return first === last ? first : offsetAtLocal(formatter, localMs);
}

function offsetAtLocal(formatter: Intl.DateTimeFormat, localMs: number): number {
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

function zoneOf(name: string): Zone | undefined {
  if (zones.has(name)) {
    return zones.get(name);
  }
  if (zones.size >= ZONES_MAX) {
    zones.clear();
  }
  const formatter = openFormatter(name);
  const zone = formatter === undefined ? undefined : { formatter, hours: new Map<number, number | 'changes'>() };
  zones.set(name, zone);
  return zone;
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
