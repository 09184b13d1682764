import { expect, test } from 'vitest';
import type { PacketPort } from './packet-port.ts';

export interface PacketPortPair {
  readonly near: PacketPort;
  readonly far: PacketPort;
  /** Ends when everything posted so far has been delivered to `far`. */
  readonly settle: () => Promise<void>;
}

/** What every packet port guarantees. */
export function packetPortConformance(open: () => PacketPortPair): void {
  test('delivers packets in order, and everything posted before a close before the close', async () => {
    const { near, far, settle } = open();
    const events: string[] = [];
    far.listen({ onPacket: (packet) => events.push(packet.toString()), onClose: () => events.push('closed') });

    near.post(Buffer.from('one'));
    near.post(Buffer.from('two'));
    near.close();
    await settle();

    expect(events).toStrictEqual(['one', 'two', 'closed']);
  });

  test('copies: what the sender does with its memory afterwards does not matter', async () => {
    const { near, far, settle } = open();
    const packets: Buffer[] = [];
    far.listen({ onPacket: (packet) => packets.push(packet), onClose: () => undefined });
    const memory = Buffer.alloc(100, 'a');

    near.post(memory.subarray(10, 15));
    near.post(memory);
    memory.fill('b');
    await settle();

    expect(packets.map((packet) => packet.toString())).toStrictEqual(['aaaaa', 'a'.repeat(100)]);
    far.close();
    near.close();
  });

  test('keeps the order between packets that leave at once and such that leave at the end of the turn', async () => {
    const { near, far, settle } = open();
    const events: string[] = [];
    far.listen({ onPacket: (packet) => events.push(packet.toString()), onClose: () => events.push('closed') });
    const memory = Buffer.alloc(100, 'four');

    near.postWithOthers(Buffer.from('one'));
    near.postWithOthers(Buffer.from('two'));
    near.post(Buffer.from('three'));
    near.postWithOthers(memory.subarray(0, 4));
    near.close();
    await settle();

    expect(events).toStrictEqual(['one', 'two', 'three', 'four', 'closed']);
  });

  test('drains what has been posted at once, and only once', async () => {
    const { near, far, settle } = open();
    const events: string[] = [];
    far.listen({ onPacket: (packet) => events.push(packet.toString()), onClose: () => events.push('closed') });

    near.post(Buffer.from('one'));
    far.drain();

    expect(events).toStrictEqual(['one']);
    await settle();
    expect(events).toStrictEqual(['one']);
    far.close();
    near.close();
  });

  test('is silent about its own close', async () => {
    const { near, far, settle } = open();
    const events: string[] = [];
    far.listen({ onPacket: () => events.push('packet'), onClose: () => events.push('closed') });

    far.close();
    near.post(Buffer.from('late'));
    near.close();
    await settle();

    expect(events).toStrictEqual([]);
  });
}
