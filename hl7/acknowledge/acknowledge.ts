import { escapeText } from '../escape/escape-text.ts';
import { encodingCharacters } from '../message/delimiters.ts';
import { Hl7Message } from '../message/hl7-message.ts';
import { openHeader } from '../message/open-header.ts';
import { toDtmUtc } from '../timestamp/to-iso-utc.ts';
import type { AcknowledgementCode } from './acknowledgement-code.ts';
import { type AcknowledgedError, errorSegment } from './error-segment.ts';

export interface AcknowledgeOptions {
  readonly code: AcknowledgementCode;
  /** MSH-10 of the acknowledgement itself: unique per sender, so the caller makes it. */
  readonly controlId: string;
  /** MSH-7, milliseconds since the epoch. */
  readonly sentMs: number;
  /** MSA-3; no patient data. */
  readonly text?: string;
  /** One ERR segment each. */
  readonly errors?: readonly AcknowledgedError[];
}

export type Acknowledgement =
  | { readonly kind: 'acknowledgement'; readonly bytes: Buffer }
  | { readonly kind: 'unanswerable'; readonly sentence: string };

/**
 * Builds the ACK to a message, or to bytes that are no valid message as long as their MSH can be read: sender and
 * receiver swapped, MSA-2 the sender's control id, its delimiters, version, processing id and character set taken
 * over byte for byte (HL7 v2 chapter 2, ACK).
 */
export function acknowledge(message: Hl7Message | Uint8Array, options: AcknowledgeOptions): Acknowledgement {
  const header = message instanceof Hl7Message ? message : openHeader(message);
  if (header === undefined) {
    return { kind: 'unanswerable', sentence: 'There is no readable MSH, so nobody can be answered.' };
  }
  const version = header.value(0, 12) ?? NEWEST_VERSION;
  const separator = Buffer.of(header.delimiters.field);
  const text = (value: string): Buffer => encodeText(header, escapeText(value, header.delimiters));
  const msh = [
    Buffer.from(encodingCharacters(header.delimiters), 'latin1'),
    copied(header, 5),
    copied(header, 6),
    copied(header, 3),
    copied(header, 4),
    Buffer.from(toDtmUtc(options.sentMs), 'latin1'),
    Buffer.alloc(0),
    messageType(header, version),
    text(options.controlId),
    header.rawField(0, 11).length === 0 ? Buffer.from('P') : copied(header, 11),
    header.rawField(0, 12).length === 0 ? Buffer.from(version) : copied(header, 12),
    ...charsetFields(header),
  ];
  const msa = [Buffer.from(options.code), copied(header, 10), text(options.text ?? '')];
  const segments = [
    line(Buffer.concat([Buffer.from('MSH'), separator, joined(msh, separator)])),
    line(Buffer.concat([Buffer.from('MSA'), separator, joined(trimmed(msa), separator)])),
    ...(options.errors ?? []).map((error) => line(encodeText(header, errorSegment(error, version, header.delimiters)))),
  ];
  return { kind: 'acknowledgement', bytes: Buffer.concat(segments) };
}

/** Used where the message names no version. */
const NEWEST_VERSION = '2.5.1';
const CR = Buffer.of(0x0d);

function line(segment: Buffer): Buffer {
  return Buffer.concat([segment, CR]);
}

/** ACK^trigger^ACK from 2.4 on, ACK^trigger in 2.2 and 2.3, plain ACK in 2.1. */
function messageType(header: Hl7Message, version: string): Buffer {
  const component = String.fromCharCode(header.delimiters.component);
  const trigger = /^[A-Z0-9]{1,8}$/.exec(header.value(0, 9, 1, 2) ?? '')?.[0];
  if (version === '2.1') {
    return Buffer.from('ACK');
  }
  const isOld = version.startsWith('2.2') || version.startsWith('2.3');
  const parts = isOld ? ['ACK', trigger ?? ''] : ['ACK', trigger ?? '', 'ACK'];
  return Buffer.from(trigger === undefined ? 'ACK' : parts.join(component), 'latin1');
}

/** MSH-13 to MSH-18, when the message declares a character set: the acknowledgement copies bytes in it. */
function charsetFields(header: Hl7Message): readonly Buffer[] {
  const isTranscoded = header.source !== header.bytes;
  const declared = isTranscoded ? Buffer.from('UNICODE UTF-8') : copied(header, 18);
  if (declared.length === 0) {
    return [];
  }
  return [...Array.from({ length: 5 }, () => Buffer.alloc(0)), declared];
}

/** A field as it stands, less any byte that would end the segment or the MLLP frame. */
function copied(header: Hl7Message, field: number): Buffer {
  const raw = header.rawField(0, field);
  return raw.some(isFraming) ? Buffer.from(raw.filter((byte) => !isFraming(byte))) : raw;
}

function isFraming(byte: number): boolean {
  return byte === 0x0b || byte === 0x1c || byte === 0x0d || byte === 0x0a;
}

/** Our own texts are ASCII; what the message's set cannot hold becomes `?`, never bytes of another set. */
function encodeText(header: Hl7Message, text: string): Buffer {
  return header.charset.encode(text) ?? Buffer.from(text.replace(/[^\x20-\x7e]/g, '?'), 'latin1');
}

function trimmed(fields: readonly Buffer[]): readonly Buffer[] {
  const last = fields.findLastIndex((field) => field.length > 0);
  return fields.slice(0, last + 1);
}

function joined(fields: readonly Buffer[], separator: Buffer): Buffer {
  return Buffer.concat(fields.flatMap((field, i) => (i === 0 ? [field] : [separator, field])));
}
