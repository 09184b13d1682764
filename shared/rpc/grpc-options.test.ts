import { promises as dns } from 'node:dns';
import { Client, credentials } from '@grpc/grpc-js';
import { expect, test, vi } from 'vitest';
import { channelOptions } from './grpc-options.ts';

test('a channel asks the name server for addresses only', async () => {
  const asked = vi.spyOn(dns, 'resolveTxt').mockResolvedValue([]);
  const client = new Client('localhost:1', credentials.createInsecure(), channelOptions);

  await new Promise((resolve) => {
    client.waitForReady(Date.now() + 300, resolve);
  });
  client.close();

  expect(asked).not.toHaveBeenCalled();
  asked.mockRestore();
});
