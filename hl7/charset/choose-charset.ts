import { isUtf8 } from 'node:buffer';
import type { Hl7Warning } from '../message/problem.ts';
import { charsetOf } from './charset-table.ts';
import type { Charset } from './charset.ts';
import { iso2022Charset } from './iso2022-charset.ts';
import { ASCII, UTF_8 } from './unicode-charset.ts';

export interface CharsetPolicy {
  /**
   * What bytes above 7F mean when MSH-18 is empty, unknown or says ASCII.
   * `utf8-else-latin1` (default): UTF-8 when they are valid UTF-8, else 8859/1 with W_CHARSET_GUESSED;
   * `utf8`, `latin1`: always that; `reject`: E_CHARSET; or the code of table 0211 that the sender is known to use.
   */
  readonly undeclared?: string;
  /**
   * What happens when the bytes are not valid in the set that MSH-18 declares. `reject` (default): E_CHARSET, with
   * the raw bytes kept; `undeclared`: a warning W_CHARSET_MISMATCH, then as if nothing had been declared.
   */
  readonly invalid?: 'reject' | 'undeclared';
}

export type ChosenCharset =
  | { readonly kind: 'chosen'; readonly charset: Charset; readonly warnings: readonly Hl7Warning[] }
  | { readonly kind: 'refused'; readonly sentence: string };

export const ASCII_CHOSEN: ChosenCharset = { kind: 'chosen', charset: ASCII, warnings: [] };

export interface CharsetFacts {
  /** The whole payload. */
  readonly bytes: Buffer;
  /** No byte is above 7F. */
  readonly isAscii: boolean;
  /** MSH-18 as it stands, `''` when it is absent. */
  readonly declared: string;
  /** The repetition separator. */
  readonly repetition: number;
  /** Byte offset of MSH-18 (or of MSH where it is absent), for warnings. */
  readonly position: number;
  /** The payload began with a UTF-8 byte order mark or was transcoded to UTF-8. */
  readonly isMarkedUtf8: boolean;
}

/** Chooses the character set of a message: MSH-18 (HL7 v2 chapter 2), checked against the bytes; never garbles. */
export function chooseCharset(facts: CharsetFacts, policy: CharsetPolicy = {}): ChosenCharset {
  if (facts.isMarkedUtf8) {
    return isUtf8(facts.bytes) ? chosen(UTF_8, []) : chooseForInvalid(facts, policy);
  }
  const declared = lookUpDeclared(facts.declared, facts.repetition);
  if (declared === 'none') {
    return chooseUndeclared(facts, policy, []);
  }
  if (declared === 'unknown') {
    return chooseUndeclared(facts, policy, [warning('W_UNKNOWN_CHARSET', facts, UNKNOWN_SENTENCE)]);
  }
  if (declared === 'unsupported') {
    return facts.isAscii ? ASCII_CHOSEN : { kind: 'refused', sentence: UNSUPPORTED_SENTENCE };
  }
  if (declared === ASCII) {
    return facts.isAscii
      ? ASCII_CHOSEN
      : chooseUndeclared(facts, policy, [warning('W_CHARSET_MISMATCH', facts, MISMATCH_SENTENCE)]);
  }
  return isValidIn(declared, facts) ? chosen(declared, []) : chooseForInvalid(facts, policy);
}

/** ASCII is valid in every set, save where escape sequences (ISO 2022) give its bytes another meaning. */
function isValidIn(charset: Charset, facts: CharsetFacts): boolean {
  if (facts.isAscii && !facts.bytes.includes(ESC)) {
    return true;
  }
  return charset === UTF_8 ? isUtf8(facts.bytes) : charset.decode(facts.bytes) !== undefined;
}

const ESC = 0x1b;
const UNKNOWN_SENTENCE = 'MSH-18 names no character set of HL7 table 0211: correct it at the sender.';
const MISMATCH_SENTENCE = 'MSH-18 declares another character set than the bytes are in: correct it at the sender.';
const GUESSED_SENTENCE = 'Bytes above 7F without a declared character set were read as 8859/1: set MSH-18.';
const UNSUPPORTED_SENTENCE = 'MSH-18 declares a character set that has no decoder here: send UNICODE UTF-8.';
const INVALID_SENTENCE = 'The bytes are not valid in the character set that MSH-18 declares: correct MSH-18.';
const UNDECLARED_SENTENCE = 'Bytes above 7F without a usable declaration in MSH-18, and the policy allows no guess.';

type Declared = Charset | 'none' | 'unknown' | 'unsupported';

/** Senders declare one of a handful of sets in every message; the bound is for hostile ones. */
const DECLARED_MAX = 256;
const known = new Map<string, Declared>();

function lookUpDeclared(text: string, repetition: number): Declared {
  if (text === '') {
    return 'none';
  }
  const separator = String.fromCharCode(repetition);
  if (text.includes(separator)) {
    return declaredCharset(text.split(separator));
  }
  const found = known.get(text);
  if (found !== undefined) {
    return found;
  }
  const declared = declaredCharset([text]);
  if (known.size < DECLARED_MAX) {
    known.set(text, declared);
  }
  return declared;
}

function declaredCharset(repetitions: readonly string[]): Declared {
  const named = repetitions.filter((name) => name.trim() !== '' && name !== '""');
  if (named.length === 0) {
    return 'none';
  }
  const kinds = named.map(charsetOf);
  if (kinds.some((each) => each.kind === 'unsupported')) {
    return 'unsupported';
  }
  const first = charsetOf(repetitions[0] ?? '');
  const initial = first.kind === 'charset' ? first.charset : ASCII;
  if (kinds.some((each) => each.kind === 'iso2022') || (repetitions.length > 1 && kinds.length > 1)) {
    return iso2022Charset(named.join('~'), initial);
  }
  const only = kinds[0];
  return only?.kind === 'charset' ? only.charset : 'unknown';
}

function chooseForInvalid(facts: CharsetFacts, policy: CharsetPolicy): ChosenCharset {
  return policy.invalid === 'undeclared'
    ? chooseUndeclared(facts, policy, [warning('W_CHARSET_MISMATCH', facts, MISMATCH_SENTENCE)])
    : { kind: 'refused', sentence: INVALID_SENTENCE };
}

function chooseUndeclared(facts: CharsetFacts, policy: CharsetPolicy, warnings: readonly Hl7Warning[]): ChosenCharset {
  if (facts.isAscii) {
    return warnings.length === 0 ? ASCII_CHOSEN : chosen(ASCII, warnings);
  }
  const rule = policy.undeclared ?? 'utf8-else-latin1';
  if (rule === 'reject') {
    return { kind: 'refused', sentence: UNDECLARED_SENTENCE };
  }
  if (rule === 'utf8-else-latin1') {
    if (isUtf8(facts.bytes)) {
      return chosen(UTF_8, warnings);
    }
    return chosen(latin1(), [...warnings, warning('W_CHARSET_GUESSED', facts, GUESSED_SENTENCE)]);
  }
  const named = rule === 'utf8' ? UTF_8 : rule === 'latin1' ? latin1() : namedCharset(rule);
  return named?.decode(facts.bytes) === undefined
    ? { kind: 'refused', sentence: UNDECLARED_SENTENCE }
    : chosen(named, warnings);
}

function latin1(): Charset {
  return namedCharset('8859/1') ?? ASCII;
}

function namedCharset(name: string): Charset | undefined {
  const named = charsetOf(name);
  return named.kind === 'charset' ? named.charset : undefined;
}

function chosen(charset: Charset, warnings: readonly Hl7Warning[]): ChosenCharset {
  return { kind: 'chosen', charset, warnings };
}

function warning(code: Hl7Warning['code'], facts: CharsetFacts, sentence: string): Hl7Warning {
  return { code, position: facts.position, sentence };
}
