import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { probeAddress } from './node-probe-address.ts';

const { signal } = new AbortController();

test('what listens is alive, and what has ended refuses', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  const alive = await probeAddress(`127.0.0.1:${port}`, signal);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });

  expect([alive, await probeAddress(`127.0.0.1:${port}`, signal)]).toStrictEqual(['alive', 'refused']);
});

test('nothing is known of an address that names nobody, or when the answer is not waited for', async () => {
  expect(await probeAddress('no-such-host.invalid:1', signal)).toBe('unknown');
});
