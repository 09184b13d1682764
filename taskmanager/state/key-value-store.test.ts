import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keyValueStoreConformance } from './key-value-store.conformance.ts';
import { MemoryKeyValueStore } from './memory-key-value-store.ts';
import { RocksdbKeyValueStore } from './rocksdb-key-value-store.ts';

const made: string[] = [];

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'nerve-rocksdb-'));
  made.push(path);
  return path;
}

afterAll(async () => {
  for (const path of made) {
    await rm(path, { recursive: true, force: true });
  }
});

keyValueStoreConformance('memory', async () => await Promise.resolve(new MemoryKeyValueStore()));
keyValueStoreConformance('RocksDB', async () => await RocksdbKeyValueStore.open({ path: await directory() }));

describe('RocksDB', () => {
  test('finds everything again after it is reopened', async () => {
    const path = await directory();
    const first = await RocksdbKeyValueStore.open({ path });
    await first.apply([{ kind: 'put', key: 'k', value: 'v' }]);
    await first.close();

    const second = await RocksdbKeyValueStore.open({ path });

    expect(await second.getMany(['k'])).toStrictEqual(['v']);
    await second.close();
  });

  test('says where it could not be opened', async () => {
    const file = join(await directory(), 'a-file');
    await writeFile(file, '');

    await expect(RocksdbKeyValueStore.open({ path: join(file, 'store') })).rejects.toMatchObject({
      failure: { code: 'state-store-failed', reaction: 'restart-job' },
    });
  });
});
