import { civilFromEpoch } from './civil-date.ts';

const MS_PER_DAY = 86_400_000;
/** `00` to `99`. */
const TWO_DIGITS = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));

/** The date of the day formatted last: times of one stream nearly always fall on the same day. */
let lastDay = NaN;
let lastDate = '';

/** `2026-03-01T08:30:15.123Z`: always UTC, always milliseconds, for years 0000 to 9999. */
export function toIsoUtc(epochMs: number): string {
  const day = Math.floor(epochMs / MS_PER_DAY);
  if (day !== lastDay) {
    const date = civilFromEpoch(epochMs);
    lastDate = `${pad(date.year, 4)}-${two(date.month)}-${two(date.day)}T`;
    lastDay = day;
  }
  const ms = epochMs - day * MS_PER_DAY;
  const seconds = Math.floor(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return `${lastDate}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:${two(seconds % 60)}.${pad(ms % 1000, 3)}Z`;
}

/** HL7's DTM in UTC with an explicit offset: `20260301083015.123+0000`. */
export function toDtmUtc(epochMs: number): string {
  const iso = toIsoUtc(epochMs);
  const fraction = iso.endsWith('.000Z') ? '' : iso.slice(19, 23);
  return `${iso.slice(0, 19).replace(/[-:T]/g, '')}${fraction}+0000`;
}

function two(value: number): string {
  return TWO_DIGITS[value] ?? '00';
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
