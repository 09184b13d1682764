import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bodyOf,
  FRAME_HEAD_BYTES,
  makePacket,
  PACKET_HEAD_BYTES,
  readFrames,
  readPacketHead,
  renumberAttempt,
  writeFrameHead,
  writePacketHead,
} from './frame-codec.ts';
import type { FrameHead, PacketHead } from './frame-codec.ts';

const u32 = fc.integer({ min: 0, max: 0xffffffff });

const frameHead = fc.record({
  kind: fc.constantFrom('data', 'control', 'credit', 'resume'),
  part: fc.constantFrom('whole', 'first', 'later'),
  channel: u32,
  seq: u32,
  value: u32,
});

const frames = fc.array(fc.tuple(frameHead, fc.uint8Array({ maxLength: 40 })), { maxLength: 6 });

describe('packets', () => {
  test('any frames come back as they were written', () => {
    fc.assert(
      fc.property(frames, u32, u32, u32, (written, attempt, sourceSlot, targetSlot) => {
        const packet = packetOf(written, { kind: 'frames', attempt, sourceSlot, targetSlot });

        expect(readPacketHead(packet)).toStrictEqual({
          kind: 'frames',
          attempt,
          sourceSlot,
          targetSlot,
          bodyBytes: packet.length - PACKET_HEAD_BYTES,
        });
        expect(framesOf(packet)).toStrictEqual(
          written.map(([head, payload]) => [{ ...head, payloadBytes: payload.length }, Buffer.from(payload)]),
        );
      }),
    );
  });

  test('one damaged bit in any head is refused', () => {
    fc.assert(
      fc.property(frames, fc.nat(), (written, pick) => {
        fc.pre(written.length > 0);
        const packet = packetOf(written, { kind: 'frames', attempt: 1, sourceSlot: 2, targetSlot: 3 });
        const bits = headBits(written);
        const bit = bits[pick % bits.length]!;
        packet[bit >>> 3]! ^= 1 << (bit & 7);

        expect(() => {
          readPacketHead(packet);
          framesOf(packet);
        }).toThrow('cannot read');
      }),
      { numRuns: 500 },
    );
  });

  test('a packet that is cut short or too long is refused', () => {
    const packet = packetOf([], { kind: 'frames', attempt: 0, sourceSlot: 0, targetSlot: 1 });

    expect(() => readPacketHead(packet.subarray(0, 10))).toThrow('damaged head');
    expect(() => readPacketHead(Buffer.concat([packet, Buffer.alloc(1)]))).toThrow('should have');
    expect(() => readPacketHead(Buffer.alloc(PACKET_HEAD_BYTES))).toThrow('damaged head');
  });

  test('a packet takes another attempt number without losing anything else', () => {
    const packet = makePacket({ kind: 'slot-gone', attempt: 0, sourceSlot: 4, targetSlot: 5 }, Buffer.from('why'));

    renumberAttempt(packet, 77);

    expect(readPacketHead(packet)).toMatchObject({ kind: 'slot-gone', attempt: 77, sourceSlot: 4, targetSlot: 5 });
    expect(bodyOf(packet).toString()).toBe('why');
  });
});

type Written = readonly [Omit<FrameHead, 'payloadBytes'>, Uint8Array][];

function packetOf(written: Written, head: Omit<PacketHead, 'bodyBytes'>): Buffer {
  const bodyBytes = written.reduce((sum, [, payload]) => sum + FRAME_HEAD_BYTES + payload.length, 0);
  const packet = Buffer.alloc(PACKET_HEAD_BYTES + bodyBytes);
  writePacketHead(packet, 0, { ...head, bodyBytes });
  let at = PACKET_HEAD_BYTES;
  for (const [frame, payload] of written) {
    writeFrameHead(packet, at, { ...frame, payloadBytes: payload.length });
    packet.set(payload, at + FRAME_HEAD_BYTES);
    at += FRAME_HEAD_BYTES + payload.length;
  }
  return packet;
}

function framesOf(packet: Buffer): [FrameHead, Buffer][] {
  const read: [FrameHead, Buffer][] = [];
  readFrames(packet, (head, payload) => read.push([head, Buffer.from(payload)]));
  return read;
}

/** Positions of all bits of the packet's and the frames' heads. */
function headBits(written: Written): number[] {
  const bytes = range(0, PACKET_HEAD_BYTES);
  let at = PACKET_HEAD_BYTES;
  for (const [, payload] of written) {
    bytes.push(...range(at, at + FRAME_HEAD_BYTES));
    at += FRAME_HEAD_BYTES + payload.length;
  }
  return bytes.flatMap((byte) => range(byte * 8, byte * 8 + 8));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
