// Hands a message to a transform written for the npm package hl7-standard, and takes the result back. The package itself turns `a&b`
// into `a~b`, knows no delimiters but |^~\&, and cannot give back what it read (hl7-standard-bridge.test.ts pins these), so:
// I1 The package never builds the result. A field that the transform did not touch keeps its text to the character.
// I2 A changed field is written with the delimiters that its structure means: repetitions `~`, components `^`, subcomponents `&`.
// I3 Values are as they stand in the message: escapes are not decoded on the way in and not made on the way out, because that is
//    what transforms for this package expect. A transform that writes free text must escape it.
// I4 A message with other delimiters is handed over, and comes back, in the standard ones.
import { Buffer } from 'node:buffer';
import HL7, { type Hl7StandardSegment, type Hl7StandardValue } from 'hl7-standard';
import { STANDARD_DELIMITERS, type Delimiters } from './message/delimiters.ts';
import type { Hl7Message } from './message/hl7-message.ts';
import { parseMessage, type ParseResult } from './message/parse-message.ts';

/** A message on loan to a transform. */
export interface HandedMessage {
  /** What the transform works on. */
  readonly hl7: HL7;
  readonly original: Hl7Message;
  /** Every segment as it was handed over. */
  readonly segments: ReadonlyMap<Hl7StandardSegment, HandedSegment>;
}

interface HandedSegment {
  readonly text: string;
  /** JSON of each field as the package understood it: what differs was touched. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Hands over a message. The original is not changed by anything that is done to `hl7`. */
export function toHl7Standard(message: Hl7Message): HandedMessage {
  const texts = Array.from({ length: message.segmentCount }, (_, segment) => standardText(message, segment));
  // The package drops lines without a field separator: with one at their end they stay.
  const lines = texts.map((text) => (text.includes('|') ? text : `${text}|`));
  const hl7 = new HL7(`${lines.join('\r')}\r`);
  hl7.transform(undefined, true);
  const segments = new Map<Hl7StandardSegment, HandedSegment>();
  for (const segment of segmentsOf(hl7)) {
    const fields = new Map(Object.entries(segment.data).map(([name, value]) => [name, JSON.stringify(value)]));
    segments.set(segment, { text: texts[segment.index] ?? '', fields });
  }
  return { hl7, original: message, segments };
}

/** The message as the transform left it, in the character set of the original (E_CHARSET when that lacks a character). */
export function fromHl7Standard(handed: HandedMessage): ParseResult {
  const { original } = handed;
  const texts = segmentsOf(handed.hl7).map((segment) => textOf(segment, handed.segments.get(segment)));
  const text = `${texts.join('\r')}\r`;
  const bytes = original.charset.encode(text);
  if (bytes === undefined) {
    const sentence =
      'The transform wrote a character that the character set of the message lacks: set MSH-18 to UNICODE UTF-8.';
    return { kind: 'malformed', problem: { code: 'E_CHARSET', stage: 'parse', position: 0, sentence }, warnings: [] };
  }
  return parseMessage(Buffer.from(bytes));
}

function segmentsOf(hl7: HL7): Hl7StandardSegment[] {
  // `flat` also takes the holes out that deleting segments leaves in the package's arrays.
  return Object.values(hl7.transformed)
    .flat()
    .sort((a, b) => a.index - b.index);
}

function textOf(segment: Hl7StandardSegment, handed: HandedSegment | undefined): string {
  if (handed !== undefined && isUntouched(segment, handed)) {
    return handed.text;
  }
  const isHeader = segment.type === 'MSH';
  // MSH-1 is the separator itself: what follows the first one is MSH-2.
  const offset = isHeader ? 1 : 0;
  const originals = handed?.text.split('|') ?? [segment.type];
  const numbers = Object.keys(segment.data).map((name) => Number(name.split('.')[1] ?? 0));
  const last = Math.max(originals.length - 1 + offset, ...numbers);
  const fields: string[] = [segment.type];
  for (let field = 1 + offset; field <= last; field++) {
    const name = `${segment.type}.${field}`;
    const value = segment.data[name];
    const original = originals[field - offset] ?? '';
    const isKept = value !== undefined && handed?.fields.get(name) === JSON.stringify(value);
    fields.push(isKept ? original : writeField(value ?? '', original));
  }
  return fields.join('|');
}

function isUntouched(segment: Hl7StandardSegment, handed: HandedSegment): boolean {
  const entries = Object.entries(segment.data);
  return (
    entries.length === handed.fields.size &&
    entries.every(([name, value]) => handed.fields.get(name) === JSON.stringify(value))
  );
}

/** @param original the field's text before; tells subcomponents from repetitions, which the package keeps in one form */
function writeField(value: Hl7StandardValue, original: string): string {
  if (!isList(value)) {
    return writeComponents(value);
  }
  const separator = original.includes('&') && !original.includes('~') && !original.includes('^') ? '&' : '~';
  return value.map(writeComponents).join(separator);
}

function writeComponents(value: Hl7StandardValue): string {
  if (typeof value !== 'object') {
    return String(value);
  }
  if (isList(value)) {
    return value.map(writeText).join('&');
  }
  const components: (string | undefined)[] = [];
  for (const [name, component] of Object.entries(value)) {
    components[Number(name.split('.').at(-1)) - 1] = isList(component)
      ? component.map(writeText).join('&')
      : writeText(component);
  }
  return Array.from(components, (component) => component ?? '').join('^');
}

/** Deeper structure than subcomponents does not exist in HL7: the package makes none, and what a transform makes is left out. */
function writeText(value: Hl7StandardValue): string {
  return typeof value === 'object' ? '' : String(value);
}

function isList(value: Hl7StandardValue): value is readonly Hl7StandardValue[] {
  return Array.isArray(value);
}

function standardText(message: Hl7Message, segment: number): string {
  const text = message.segmentText(segment) ?? '';
  const { delimiters } = message;
  return isStandard(delimiters) ? text : translate(text, delimiters, segment === 0);
}

function isStandard(delimiters: Delimiters): boolean {
  const { field, component, repetition, escape, subcomponent } = STANDARD_DELIMITERS;
  return (
    delimiters.field === field &&
    delimiters.component === component &&
    delimiters.repetition === repetition &&
    delimiters.escape === escape &&
    delimiters.subcomponent === subcomponent
  );
}

/** Standard delimiters that are data in a message with others, escaped. */
const escaped: Readonly<Record<string, string>> = {
  '|': '\\F\\',
  '^': '\\S\\',
  '~': '\\R\\',
  '&': '\\T\\',
  '\\': '\\E\\',
};

function translate(text: string, delimiters: Delimiters, isHeader: boolean): string {
  const standard = new Map([
    [delimiters.field, '|'],
    [delimiters.component, '^'],
    [delimiters.repetition, '~'],
    [delimiters.escape, '\\'],
    [delimiters.subcomponent, '&'],
  ]);
  const from = isHeader ? text.indexOf(String.fromCharCode(delimiters.field), 4) : 0;
  const body = Array.from(text.slice(from), (char) => standard.get(char.charCodeAt(0)) ?? escaped[char] ?? char).join(
    '',
  );
  return isHeader ? `MSH|^~\\&${body}` : body;
}
