import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import { parseArtifactHash } from '../../shared/ids.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';
import { NodeArtifactStore } from './node-artifact-store.ts';
import { SharedArtifactStore } from './shared-artifact-store.ts';

const bytes = Buffer.from('export const job = 1;');
let folder: string;
let snapshots: MemorySnapshotStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-artifacts-'));
  snapshots = new MemorySnapshotStore();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test('what one coordinator stored another one imports', async () => {
  const hash = await coordinator('a').put(bytes);

  expect(readFileSync(await coordinator('b').fetch(hash))).toStrictEqual(bytes);
  await expect(coordinator('c').fetch(parseArtifactHash('0'.repeat(64)))).rejects.toMatchObject({
    failure: { code: 'artifact-missing', reaction: 'retry' },
  });
});

test('a copy that is damaged is made anew', async () => {
  const store = coordinator('a');
  const hash = await store.put(bytes);
  writeFileSync(store.pathOf(hash), 'half');

  expect(readFileSync(await store.fetch(hash))).toStrictEqual(bytes);
});

function coordinator(name: string): SharedArtifactStore {
  return new SharedArtifactStore(new NodeArtifactStore(join(folder, name)), snapshots, new MemoryClock());
}
