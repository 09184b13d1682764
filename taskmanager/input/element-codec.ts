import { StreamError } from '../../shared/failure/failure.ts';
import { parseCheckpointId } from '../../shared/ids.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { ControlElement } from '../../shared/stream-element.ts';

/**
 * The layout of elements inside frames. All numbers little endian.
 *
 *   element     := tag(1) body
 *   tag         := kind; for a record also HAS_TIMESTAMP and HAS_KEY
 *   record      := [timestamp f64] [key length u32, key bytes] value length u32, value bytes
 *   watermark   := timestamp f64
 *   idle/active := nothing
 *   barrier     := checkpoint u64, triggered f64       ┐ alone in a frame of kind `control`
 *   cancel      := checkpoint u64                      │
 *   end         := nothing                             │
 *   no records  := nothing                             ┘
 *
 * A record that does not fit a frame is written as the same bytes into a run of frames of their own (frame-writer.ts).
 * Fixed lengths rather than variable ones: the value's length is filled in after a serializer wrote straight into the frame.
 */
export const RECORD = 1;
export const WATERMARK = 2;
export const STATUS_ACTIVE = 3;
export const STATUS_IDLE = 4;
const BARRIER = 5;
const CANCEL_MARKER = 6;
const END_OF_INPUT = 7;
const END_OF_RECORDS = 8;

export const HAS_TIMESTAMP = 0x10;
export const HAS_KEY = 0x20;

/** Bytes of a record's head with a key of `keyBytes` (undefined: none). */
export function recordHeadBytes(hasTimestamp: boolean, keyBytes: number | undefined): number {
  return 1 + (hasTimestamp ? 8 : 0) + (keyBytes === undefined ? 0 : 4 + keyBytes) + 4;
}

/** Writes a record's head with `valueBytes` (may be filled in later, 4 bytes before the end) and gives the offset behind. */
export function writeRecordHead(
  target: Buffer,
  offset: number,
  record: { timestampMs: number | undefined; key: Buffer | undefined; valueBytes: number },
): number {
  const { timestampMs, key } = record;
  target[offset] = RECORD | (timestampMs === undefined ? 0 : HAS_TIMESTAMP) | (key === undefined ? 0 : HAS_KEY);
  let at = offset + 1;
  if (timestampMs !== undefined) {
    at = target.writeDoubleLE(timestampMs, at);
  }
  if (key !== undefined) {
    at = writeUint32(target, at, key.length);
    for (let i = 0; i < key.length; i += 1) {
      target[at + i] = key[i] ?? 0;
    }
    at += key.length;
  }
  return writeUint32(target, at, record.valueBytes);
}

/** Bytes of a control element as it travels. */
export function controlBytes(element: ControlElement): number {
  switch (element.kind) {
    case 'watermark':
      return 9;
    case 'barrier':
      return 17;
    case 'cancel-marker':
      return 9;
    case 'watermark-status':
    case 'end-of-records':
    case 'end-of-input':
      return 1;
    default:
      return unreachable(element);
  }
}

export function writeControlElement(target: Buffer, offset: number, element: ControlElement): number {
  switch (element.kind) {
    case 'watermark':
      target[offset] = WATERMARK;
      return target.writeDoubleLE(element.timestampMs, offset + 1);
    case 'watermark-status':
      target[offset] = element.status === 'active' ? STATUS_ACTIVE : STATUS_IDLE;
      return offset + 1;
    case 'barrier':
      target[offset] = BARRIER;
      target.writeBigUInt64LE(element.checkpoint, offset + 1);
      return target.writeDoubleLE(element.triggeredAtMs, offset + 9);
    case 'cancel-marker':
      target[offset] = CANCEL_MARKER;
      return target.writeBigUInt64LE(element.checkpoint, offset + 1);
    case 'end-of-records':
      target[offset] = END_OF_RECORDS;
      return offset + 1;
    case 'end-of-input':
      target[offset] = END_OF_INPUT;
      return offset + 1;
    default:
      return unreachable(element);
  }
}

/** Reads the one element of a frame of kind `control`. @throws StreamError `exchange-malformed` */
export function readControlFrame(payload: Buffer): ControlElement {
  const tag = payload[0];
  if (tag === BARRIER && payload.length === 17) {
    const checkpoint = parseCheckpointId(payload.readBigUInt64LE(1));
    return { kind: 'barrier', checkpoint, triggeredAtMs: payload.readDoubleLE(9) };
  }
  if (tag === CANCEL_MARKER && payload.length === 9) {
    return { kind: 'cancel-marker', checkpoint: parseCheckpointId(payload.readBigUInt64LE(1)) };
  }
  if (tag === END_OF_INPUT && payload.length === 1) {
    return { kind: 'end-of-input' };
  }
  if (tag === END_OF_RECORDS && payload.length === 1) {
    return { kind: 'end-of-records' };
  }
  throw malformed(`a control frame of ${payload.length} bytes with tag ${tag ?? 'none'}`);
}

export function writeUint32(target: Buffer, offset: number, value: number): number {
  target[offset] = value;
  target[offset + 1] = value >>> 8;
  target[offset + 2] = value >>> 16;
  target[offset + 3] = value >>> 24;
  return offset + 4;
}

/** The caller has checked that the four bytes are there. */
export function readUint32(source: Buffer, offset: number): number {
  return (
    ((source[offset] ?? 0) |
      ((source[offset + 1] ?? 0) << 8) |
      ((source[offset + 2] ?? 0) << 16) |
      ((source[offset + 3] ?? 0) << 24)) >>>
    0
  );
}

/** Bytes that no writer of ours can have made: both ends run different versions, or memory is broken. */
export function malformed(what: string): StreamError {
  return new StreamError({
    code: 'exchange-malformed',
    reaction: 'restart-job',
    message: `The exchange received bytes it cannot read: ${what}.`,
    remedy: 'Check that all task managers run the same version.',
  });
}
