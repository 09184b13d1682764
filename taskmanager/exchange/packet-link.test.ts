import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HEAD_BYTES, readFrames, readPacketHead } from './frame-codec.ts';
import { MemoryPacketPort } from './memory-packet-port.ts';
import { PacketLink } from './packet-link.ts';

const message = fc.oneof(
  fc.record({ kind: fc.constant('frame' as const), bytes: fc.integer({ min: 0, max: 9_000 }) }),
  fc.record({ kind: fc.constant('credit' as const) }),
  fc.record({ kind: fc.constant('end-of-turn' as const) }),
);

test('frames and credits of any size leave in the order in which they were sent', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 60 }), (messages) => {
      const { port, link, arrived } = openLink();

      const sent: string[] = [];
      messages.forEach((each, seq) => {
        if (each.kind === 'end-of-turn') {
          port.endTurn();
          return;
        }
        sent.push(`${each.kind === 'frame' ? 'data' : 'credit'} ${seq}`);
        if (each.kind === 'frame') {
          sendFrame(link, seq, each.bytes);
        } else {
          link.feedback(7).sendCredit(seq, 1);
        }
      });
      port.endTurn();

      expect(arrived().frames).toStrictEqual(sent);
    }),
  );
});

test('small frames and credits of one turn are one packet', () => {
  const { port, link, arrived } = openLink();

  for (let seq = 0; seq < 20; seq += 1) {
    sendFrame(link, seq, 50);
    link.feedback(7).sendResume(seq, 3);
  }
  expect(arrived().packets).toBe(0);
  port.endTurn();

  expect(arrived().packets).toBe(1);
});

function sendFrame(link: PacketLink, seq: number, bytes: number): void {
  const buffer = Buffer.alloc(HEAD_BYTES + bytes, 1);
  const frame = { kind: 'data', part: 'whole', recordBytes: 0, buffer, end: buffer.length, role: 'elements' } as const;
  link.frames(3).send(frame, seq);
}

function openLink() {
  const [port, far] = MemoryPacketPort.pair();
  const frames: string[] = [];
  let packets = 0;
  far.listen({
    onPacket: (packet) => {
      packets += 1;
      expect(readPacketHead(packet)).toMatchObject({ kind: 'frames', sourceSlot: 1, targetSlot: 2 });
      readFrames(packet, (head) => frames.push(`${head.kind} ${head.seq}`));
    },
    onClose: () => undefined,
  });
  const arrived = (): { readonly packets: number; readonly frames: readonly string[] } => {
    far.drain();
    return { packets, frames };
  };
  return { port, link: new PacketLink({ port, sourceSlot: 1, targetSlot: 2 }), arrived };
}
