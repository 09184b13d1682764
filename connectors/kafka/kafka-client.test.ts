import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLogger } from '../../shared/log/logger.ts';
import { KafkaClient } from './kafka-client.ts';

/** A broker that takes connections and never says anything. */
let server: Server;
let sockets: Socket[];
let client: KafkaClient;
beforeEach(async () => {
  sockets = [];
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.resume();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  client = new KafkaClient({ brokers: [`127.0.0.1:${port}`], ssl: undefined, sasl: undefined }, silentLogger);
});
afterEach(async () => {
  await client.close();
  server.close();
});

test('all who ask at the same time share one connection, and none is left behind when the client is closed', async () => {
  const ending = new AbortController();
  const first = firstConnection();
  const asked = Array.from({ length: 8 }, async () => await client.metadata([], ending.signal));
  const outcomes = Promise.allSettled(asked);
  await first;

  ending.abort();
  const settled = await outcomes;
  await client.close();
  await Promise.all(sockets.map(ended));

  expect(settled.map(({ status }) => status)).toStrictEqual(Array(8).fill('rejected'));
  expect(sockets).toHaveLength(1);
});

async function firstConnection(): Promise<void> {
  await new Promise((resolve) => server.once('connection', resolve));
}

async function ended(socket: Socket): Promise<void> {
  if (!socket.closed) {
    await new Promise((resolve) => socket.once('close', resolve));
  }
}
