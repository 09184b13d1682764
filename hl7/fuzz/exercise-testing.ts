import { acknowledge } from '../acknowledge/acknowledge.ts';
import { parsePayload } from '../batch/parse-payload.ts';
import { editMessage } from '../message/edit-message.ts';
import type { Hl7Message } from '../message/hl7-message.ts';
import type { ParseResult } from '../message/parse-message.ts';
import { decodeMllp } from '../mllp/decode-mllp.ts';

/** Pieces read at each level: a hostile message of a million repetitions is parsed whole but not read whole. */
const READ_MAX = 40;

/**
 * Does everything a pipeline may do with bytes and throws when a promise of the library is broken: an exception, a
 * position outside the bytes, bytes that changed, an edit of nothing that changes something. Returns what was found.
 */
export function exercise(bytes: Buffer): 'parsed' | 'malformed' | 'batch' {
  decodeMllp(bytes);
  acknowledge(bytes, { code: 'AR', controlId: '1', sentMs: 0 });
  const payload = parsePayload(bytes);
  if (payload.kind === 'single') {
    exerciseResult(payload.result, bytes);
    return payload.result.kind;
  }
  for (const member of payload.members) {
    exerciseResult(member.result, member.bytes);
  }
  return 'batch';
}

function exerciseResult(result: ParseResult, bytes: Buffer): void {
  const positions = result.warnings.map((warning) => warning.position);
  if (result.kind === 'malformed') {
    positions.push(result.problem.position);
  } else {
    exerciseMessage(result.message, bytes);
  }
  // A transcript of UTF-16 has up to one and a half times the bytes.
  if (positions.some((position) => position < 0 || position > bytes.length * 1.5)) {
    throw new Error('a position lies outside the bytes');
  }
}

function exerciseMessage(message: Hl7Message, bytes: Buffer): void {
  if (!message.bytes.equals(bytes)) {
    throw new Error('serialising gives other bytes');
  }
  for (let segment = 0; segment < Math.min(message.segmentCount, READ_MAX); segment += 1) {
    readSegment(message, segment);
  }
  if (message.source === message.bytes) {
    const edited = editMessage(message).build();
    if (edited.kind === 'refused' || !edited.message.bytes.equals(bytes)) {
      throw new Error('an edit of nothing changes the message');
    }
  }
}

function readSegment(message: Hl7Message, segment: number): void {
  if (!/^[A-Z][A-Z0-9]{2}$/.test(message.segmentName(segment))) {
    throw new Error('a segment has no name');
  }
  for (let field = Math.min(message.fieldCount(segment), READ_MAX); field > 0; field -= 1) {
    const repetitions = Math.min(message.repetitionCount(segment, field), READ_MAX);
    for (let repetition = 1; repetition <= repetitions; repetition += 1) {
      message.fieldText(segment, field, repetition);
      const components = Math.min(message.componentCount(segment, field, repetition), READ_MAX);
      for (let component = 1; component <= components; component += 1) {
        message.value(segment, field, repetition, component);
        message.presence(segment, field, repetition, component, 2);
      }
    }
  }
}
