import type { SourceRecord } from '../../index.ts';
import { splitBatch } from '../../hl7/batch/split-batch.ts';
import type { Hl7Problem } from '../../hl7/message/problem.ts';
import { decodeMllp, isMllpFramed } from '../../hl7/mllp/decode-mllp.ts';
import { FS, VT } from '../../hl7/mllp/mllp-decoder.ts';
import type { MllpEvent } from '../../hl7/mllp/mllp-event.ts';
import { saysMllp } from '../../hl7/validate/judge-payload.ts';
import { originOf, originOfMember } from './origin.ts';
import type { Origin } from './origin.ts';

/** What an input record holds: payloads, and what is none. */
export type Frame =
  | {
      readonly kind: 'payload';
      readonly bytes: Buffer;
      readonly origin: Origin;
      /** False when it was looked for several messages in it already. */
      readonly maySplit: boolean;
    }
  | { readonly kind: 'refused'; readonly bytes: Buffer; readonly origin: Origin; readonly problem: Hl7Problem };

const CR = 0x0d;
const LF = 0x0a;

/**
 * A payload larger than this is searched for several messages here, where they can be taken one by one; the parser does it for
 * smaller ones, and only when it finds a second MSH: the usual message is not read twice.
 */
const PARSER_SPLITS_BYTES_MAX = 64 * 1024;

/**
 * Frees the payloads of a record from MLLP framing, and takes large batches apart.
 *
 * D1  Nothing is dropped in silence: bytes that belong to no frame are refused with E_FRAME, and every record yields at least
 *     one frame (an empty one, for the parser to refuse, if it must). Only white space, keep-alives and missing carriage returns
 *     beside a frame pass.
 * D2  The usual record, one payload with or without a frame around it, costs no copy and no generator.
 */
export function decodeFrames(bytesMax: number): (record: SourceRecord) => Iterable<Frame> {
  return (record) => {
    const origin = originOf(record);
    if (record.oversizeBytes !== undefined) {
      return [tooLarge(record.value, origin, record.oversizeBytes, bytesMax)];
    }
    const payload = singlePayload(record.value);
    if (payload === undefined) {
      return decodeStream(record.value, origin, bytesMax);
    }
    return payload.length <= PARSER_SPLITS_BYTES_MAX
      ? [{ kind: 'payload', bytes: payload, origin, maySplit: true }]
      : splitPayload(payload, origin);
  };
}

/** The payload of a record that holds one frame and nothing else, or none at all; undefined when it takes the decoder to say. */
function singlePayload(value: Buffer): Buffer | undefined {
  const start = value.indexOf(VT);
  if (start < 0) {
    return value;
  }
  if (start > 0 || value.includes(VT, 1)) {
    return isMllpFramed(value) ? undefined : value;
  }
  const end = value.indexOf(FS, 1);
  const behind = value.length - end;
  const isClosed = end > 1 && value[end + 1] === CR && (behind === 2 || (behind === 3 && value[end + 2] === LF));
  return isClosed ? value.subarray(1, end) : undefined;
}

function* decodeStream(value: Buffer, origin: Origin, bytesMax: number): Generator<Frame> {
  const events = decodeMllp(value, { bytesMax });
  if (!events.some(saysMllp)) {
    yield* splitPayload(value, origin);
    return;
  }
  let count = 0;
  for (const event of events) {
    for (const frame of framesOf(event, origin, count)) {
      count += 1;
      yield frame;
    }
  }
}

function* framesOf(event: MllpEvent, origin: Origin, count: number): Generator<Frame> {
  if (event.kind === 'frame') {
    yield* splitPayload(event.bytes, origin, count);
    return;
  }
  const isLoss = event.bytes.length > 0 && event.code !== 'NOISE' && event.code !== 'MISSING_TRAILING_CR';
  if (isLoss) {
    const sentence = `MLLP framing fault ${event.code}: ${event.skipped} bytes belong to no complete frame.`;
    const problem: Hl7Problem = { code: 'E_FRAME', stage: 'frame', position: event.position, sentence };
    yield { kind: 'refused', bytes: event.bytes, origin: memberOrigin(origin, count), problem };
  }
}

/** One payload, or the members of the batch that it is. `count`: how many messages of the record came before. */
function* splitPayload(payload: Buffer, origin: Origin, count = 0): Generator<Frame> {
  const split = splitBatch(payload);
  if (split.kind === 'single' || split.members.length === 0) {
    // An envelope without members is for the parser to refuse: it splits, and says what it found.
    const maySplit = split.kind === 'batch';
    yield { kind: 'payload', bytes: payload, origin: memberOrigin(origin, count), maySplit };
    return;
  }
  for (const member of split.members) {
    const memberOfBatch = originOfMember(origin, count + member.index);
    yield { kind: 'payload', bytes: member.bytes, origin: memberOfBatch, maySplit: false };
  }
}

/** The first message of a record is named by `src` alone. */
function memberOrigin(origin: Origin, count: number): Origin {
  return count === 0 ? origin : originOfMember(origin, count);
}

function tooLarge(value: Buffer, origin: Origin, bytes: number, bytesMax: number): Frame {
  const sentence = `The record has ${bytes} bytes, more than the limit of ${bytesMax}: only its place (src) is kept.`;
  return {
    kind: 'refused',
    bytes: value,
    origin,
    problem: { code: 'E_TOO_LARGE', stage: 'frame', position: 0, sentence },
  };
}
