import { MessageChannel } from 'node:worker_threads';
import { describe } from 'vitest';
import { MemoryPacketPort } from './memory-packet-port.ts';
import { NodePacketPort } from './node-packet-port.ts';
import { packetPortConformance } from './packet-port.conformance.ts';

describe('a memory packet port', () => {
  packetPortConformance(() => {
    const [near, far] = MemoryPacketPort.pair();
    return {
      near,
      far,
      settle: async () => {
        far.drain();
        await Promise.resolve();
      },
    };
  });
});

describe('a node packet port', () => {
  packetPortConformance(() => {
    const { port1, port2 } = new MessageChannel();
    return {
      near: new NodePacketPort(port1),
      far: new NodePacketPort(port2),
      // A message sent the same way through a fresh channel arrives behind those that are under way in this thread.
      settle: async () => {
        for (let i = 0; i < 5; i += 1) {
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
      },
    };
  });
});
