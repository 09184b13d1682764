import { escapeText } from '../escape/escape-text.ts';
import type { Delimiters } from '../message/delimiters.ts';

export interface AcknowledgedError {
  /** HL7 table 0357: 100 segment sequence, 101 required field missing, 102 data type, 103 table value, 207 internal … */
  readonly code: number;
  /** Where, as far as it is known; all count from 1. */
  readonly segment?: string;
  readonly occurrence?: number;
  readonly field?: number;
  /** For the sender's people; no patient data. */
  readonly text?: string;
  readonly severity?: 'E' | 'W' | 'I';
}

/**
 * One ERR segment. From 2.5 on ERR-2 is the location, ERR-3 the code, ERR-4 the severity and ERR-8 the text; before,
 * ERR-1 holds segment, occurrence, field and code (HL7 v2 chapter 2, ERR).
 */
export function errorSegment(error: AcknowledgedError, version: string, delimiters: Delimiters): string {
  const field = String.fromCharCode(delimiters.field);
  const component = String.fromCharCode(delimiters.component);
  const subcomponent = String.fromCharCode(delimiters.subcomponent);
  const occurrence = error.segment === undefined ? '' : String(error.occurrence ?? 1);
  const location = [error.segment ?? '', occurrence, error.field === undefined ? '' : String(error.field)];
  const text = escapeText(error.text ?? '', delimiters);
  if (isBefore25(version)) {
    const code = [String(error.code), text, 'HL70357'].join(subcomponent);
    return ['ERR', [...location, code].join(component)].join(field);
  }
  const where = trimTrailing(location).join(component);
  const code = [String(error.code), '', 'HL70357'].join(component);
  return trimTrailing(['ERR', '', where, code, error.severity ?? 'E', '', '', '', text]).join(field);
}

function isBefore25(version: string): boolean {
  return /^2\.[0-4](?:\D|$)/.test(version);
}

function trimTrailing(parts: readonly string[]): readonly string[] {
  return parts.slice(0, parts.findLastIndex((part) => part !== '') + 1);
}
