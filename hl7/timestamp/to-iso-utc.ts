import { civilFromEpoch } from './civil-date.ts';

/** `2026-03-01T08:30:15.123Z`: always UTC, always milliseconds, for years 0000 to 9999. */
export function toIsoUtc(epochMs: number): string {
  const time = civilFromEpoch(epochMs);
  const date = `${pad(time.year, 4)}-${pad(time.month, 2)}-${pad(time.day, 2)}`;
  return `${date}T${pad(time.hour, 2)}:${pad(time.minute, 2)}:${pad(time.second, 2)}.${pad(time.millisecond, 3)}Z`;
}

/** HL7's DTM in UTC with an explicit offset: `20260301083015.123+0000`. */
export function toDtmUtc(epochMs: number): string {
  const time = civilFromEpoch(epochMs);
  const date = `${pad(time.year, 4)}${pad(time.month, 2)}${pad(time.day, 2)}`;
  const fraction = time.millisecond === 0 ? '' : `.${pad(time.millisecond, 3)}`;
  return `${date}${pad(time.hour, 2)}${pad(time.minute, 2)}${pad(time.second, 2)}${fraction}+0000`;
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
