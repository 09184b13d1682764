import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from './eventually.ts';
import { TcpRelay } from './tcp-relay.ts';

test('a relay passes bytes both ways, holds them up in a partition, and delivers them when it heals', async () => {
  const { relay, dial } = await echoBehindRelay();
  const line = dial();

  line.write('a');
  await line.has('a');
  relay.block('answers');
  line.write('b');
  relay.block('requests');
  line.write('c');
  relay.block('both');
  await eventually('bytes are kept back', () => (relay.counts.heldBack > 0 ? true : undefined));
  const during = line.text();
  relay.block('nothing');

  await line.has('abc');
  expect(during).toBe('a');
  expect(relay.counts).toMatchObject({ connections: 1, swallowedBytes: 0 });
});

test('a relay that swallows keeps its connections open, and serves new ones', async () => {
  const { relay, dial } = await echoBehindRelay();
  const line = dial();
  line.write('a');
  await line.has('a');

  relay.swallow('answers');
  line.write('bcd');
  await eventually('the answer is lost', () => (relay.counts.swallowedBytes === 3 ? true : undefined));
  relay.block('both');
  relay.block('nothing');
  const next = dial();
  next.write('z');

  await next.has('z');
  expect([line.text(), line.isBroken()]).toStrictEqual(['a', false]);
});

test('what was held back is swallowed with its connection', async () => {
  const { relay, dial } = await echoBehindRelay();
  const line = dial();
  relay.block('requests');
  line.write('abc');
  await eventually('the request is kept back', () => (relay.counts.heldBack === 1 ? true : undefined));

  relay.swallow('requests');
  relay.block('nothing');
  line.write('d');
  await eventually('all is lost', () => (relay.counts.swallowedBytes === 4 ? true : undefined));

  expect([line.text(), line.isBroken()]).toStrictEqual(['', false]);
});

test('a partition also keeps back that a side has hung up', async () => {
  const { relay, dial } = await echoBehindRelay();
  const line = dial();
  line.write('a');
  await line.has('a');

  relay.block('requests');
  line.hangUp();
  const next = dial();
  next.write('z');
  await eventually('the request is kept back', () => (relay.counts.heldBack === 1 ? true : undefined));
  relay.block('nothing');

  await next.has('z');
});

test('a relay that breaks its connections serves new ones', async () => {
  const { relay, dial } = await echoBehindRelay();
  const line = dial();
  line.write('a');
  await line.has('a');

  relay.breakConnections();
  await eventually('the connection is broken', () => (line.isBroken() ? true : undefined));
  const next = dial();
  next.write('z');

  await next.has('z');
});

interface Line {
  write(text: string): void;
  text(): string;
  isBroken(): boolean;
  hangUp(): void;
  has(text: string): Promise<unknown>;
}

async function echoBehindRelay(): Promise<{ relay: TcpRelay; dial: () => Line }> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const relay = await TcpRelay.open(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    await relay.close();
    server.close();
  });
  const dial = (): Line => {
    let seen = '';
    const socket: Socket = connect(Number(relay.address.split(':')[1]), '127.0.0.1');
    socket.on('data', (chunk) => (seen += chunk.toString()));
    socket.on('error', () => undefined);
    return {
      write: (text) => socket.write(text),
      text: () => seen,
      isBroken: () => socket.destroyed,
      hangUp: () => socket.end(),
      has: async (text) => await eventually(`"${text}" arrives`, () => (seen === text ? true : undefined), 5_000),
    };
  };
  return { relay, dial };
}
