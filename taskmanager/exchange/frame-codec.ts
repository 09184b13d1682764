import { malformed, readUint32, writeUint32 } from '../input/element-codec.ts';

/**
 * What crosses threads and processes: packets of frames. All numbers little endian.
 *
 *   packet   := head(24) body               one packet = one message of a port or of the gRPC stream
 *     0  u16  magic 0x534e ("NS")
 *     2  u8   version 1
 *     3  u8   packet kind
 *     4  u32  attempt: number that the sending router gave the attempt on this stream; 0 between threads of one process
 *     8  u32  source slot of the job, or ALL_SLOTS
 *    12  u32  target slot of the job, or ALL_SLOTS
 *    16  u32  bytes of the body
 *    20  u32  check: a mix of the words above
 *
 *   body of a packet of kind `frames` := frame+      all of one source slot and one target slot
 *   frame    := head(24) payload
 *     0  u8   frame kind, 1 u8 part, 2 u16 zero
 *     4  u32  channel: number among all channels of the job (channel-plan.ts)
 *     8  u32  seq: of the channel, counted apart in each direction
 *    12  u32  value: whole record's bytes (data, first part) · credits (credit) · barrier's seq (resume) · otherwise 0
 *    16  u32  bytes of the payload
 *    20  u32  check
 *
 * The check finds heads that were damaged, and positions that are none: they are refused, never read as something else.
 * Payloads are guarded by what carries them (memory, TCP). `router`-level packets are: hello, attempt-open, attempt-end,
 * slot-gone; their bodies are described where they are made (exchange-router.ts, grpc-hello.ts).
 */
export const PACKET_HEAD_BYTES = 24;
export const FRAME_HEAD_BYTES = 24;
/** Space in front of a frame's payload, so that a packet of one frame is sent without copying. */
export const HEAD_BYTES = PACKET_HEAD_BYTES + FRAME_HEAD_BYTES;
export const ALL_SLOTS = 0xffffffff;

const MAGIC_AND_VERSION = 0x0001534e;
const CHECK_SEED = 0x9e3779b1;

const PACKET_KINDS = ['frames', 'hello', 'attempt-open', 'attempt-end', 'slot-gone'] as const;
const FRAME_KINDS = ['data', 'control', 'credit', 'resume'] as const;
const PARTS = ['whole', 'first', 'later'] as const;

export type PacketKind = (typeof PACKET_KINDS)[number];
export type FrameKind = (typeof FRAME_KINDS)[number];
export type PartKind = (typeof PARTS)[number];

export interface PacketHead {
  readonly kind: PacketKind;
  readonly attempt: number;
  readonly sourceSlot: number;
  readonly targetSlot: number;
  readonly bodyBytes: number;
}

export interface FrameHead {
  readonly kind: FrameKind;
  readonly part: PartKind;
  readonly channel: number;
  readonly seq: number;
  readonly value: number;
  readonly payloadBytes: number;
}

export function writePacketHead(target: Buffer, offset: number, head: PacketHead): void {
  writeUint32(target, offset, MAGIC_AND_VERSION | (PACKET_KINDS.indexOf(head.kind) << 24));
  writeUint32(target, offset + 4, head.attempt);
  writeUint32(target, offset + 8, head.sourceSlot);
  writeUint32(target, offset + 12, head.targetSlot);
  writeUint32(target, offset + 16, head.bodyBytes);
  writeUint32(target, offset + 20, checkOf(target, offset));
}

/** Reads the head of a packet that is exactly `packet`. @throws StreamError `exchange-malformed` */
export function readPacketHead(packet: Buffer): PacketHead {
  if (packet.length < PACKET_HEAD_BYTES || readUint32(packet, 20) !== checkOf(packet, 0)) {
    throw malformed('a packet with a damaged head');
  }
  const first = readUint32(packet, 0);
  const kind = PACKET_KINDS[first >>> 24];
  const bodyBytes = readUint32(packet, 16);
  if ((first & 0xffffff) !== MAGIC_AND_VERSION || kind === undefined) {
    throw malformed('a packet of another version or kind');
  }
  if (bodyBytes !== packet.length - PACKET_HEAD_BYTES) {
    throw malformed(`a packet of ${packet.length} bytes that should have ${bodyBytes + PACKET_HEAD_BYTES}`);
  }
  return {
    kind,
    attempt: readUint32(packet, 4),
    sourceSlot: readUint32(packet, 8),
    targetSlot: readUint32(packet, 12),
    bodyBytes,
  };
}

/** The same packet under another attempt number; `packet` is changed in place. */
export function renumberAttempt(packet: Buffer, attempt: number): void {
  writeUint32(packet, 4, attempt);
  writeUint32(packet, 20, checkOf(packet, 0));
}

/** A packet that holds no frames. */
export function makePacket(head: Omit<PacketHead, 'bodyBytes'>, body: Uint8Array): Buffer {
  const packet = Buffer.allocUnsafeSlow(PACKET_HEAD_BYTES + body.length);
  writePacketHead(packet, 0, { ...head, bodyBytes: body.length });
  packet.set(body, PACKET_HEAD_BYTES);
  return packet;
}

export function bodyOf(packet: Buffer): Buffer {
  return packet.subarray(PACKET_HEAD_BYTES);
}

export function writeFrameHead(target: Buffer, offset: number, head: FrameHead): void {
  writeUint32(target, offset, FRAME_KINDS.indexOf(head.kind) | (PARTS.indexOf(head.part) << 8));
  writeUint32(target, offset + 4, head.channel);
  writeUint32(target, offset + 8, head.seq);
  writeUint32(target, offset + 12, head.value);
  writeUint32(target, offset + 16, head.payloadBytes);
  writeUint32(target, offset + 20, checkOf(target, offset));
}

/** Hands over every frame of a packet, in order. @throws StreamError `exchange-malformed`; what `take` throws. */
export function readFrames(packet: Buffer, take: (head: FrameHead, payload: Buffer) => void): void {
  let at = PACKET_HEAD_BYTES;
  while (at < packet.length) {
    const head = readFrameHead(packet, at);
    const start = at + FRAME_HEAD_BYTES;
    take(head, packet.subarray(start, start + head.payloadBytes));
    at = start + head.payloadBytes;
  }
}

function readFrameHead(packet: Buffer, offset: number): FrameHead {
  if (offset + FRAME_HEAD_BYTES > packet.length || readUint32(packet, offset + 20) !== checkOf(packet, offset)) {
    throw malformed('a frame with a damaged head');
  }
  const first = readUint32(packet, offset);
  const kind = FRAME_KINDS[first & 0xff];
  const part = PARTS[first >>> 8];
  const payloadBytes = readUint32(packet, offset + 16);
  if (kind === undefined || part === undefined || offset + FRAME_HEAD_BYTES + payloadBytes > packet.length) {
    throw malformed('a frame of an unknown kind or beyond its packet');
  }
  return {
    kind,
    part,
    channel: readUint32(packet, offset + 4),
    seq: readUint32(packet, offset + 8),
    value: readUint32(packet, offset + 12),
    payloadBytes,
  };
}

/** murmur3's mix over the five words of a head; a head of zeros does not check as one. */
function checkOf(bytes: Buffer, offset: number): number {
  let hash = CHECK_SEED;
  for (let at = offset; at < offset + 20; at += 4) {
    hash = Math.imul(hash ^ readUint32(bytes, at), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}
