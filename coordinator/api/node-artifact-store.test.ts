import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parseArtifactHash } from '../../shared/ids.ts';
import { NodeArtifactStore } from './node-artifact-store.ts';

const root = mkdtempSync(join(tmpdir(), 'nerve-artifacts-'));
const folder = join(root, 'made', 'when', 'needed');
const store = new NodeArtifactStore(folder);

afterAll(() => {
  rmSync(root, { recursive: true });
});

test('an artifact is found by the sha256 of its bytes, and storing it again adds nothing', async () => {
  const hash = await store.put(Buffer.from('export const job = 1;'));
  const again = await store.put(Buffer.from('export const job = 1;'));

  expect(again).toBe(hash);
  expect((await store.read(hash))?.toString()).toBe('export const job = 1;');
  expect(readdirSync(folder)).toStrictEqual([`${hash}.mjs`]);
});

test('what was never stored is not there', async () => {
  expect(await store.read(parseArtifactHash('0'.repeat(64)))).toBeUndefined();
});

test('a damaged artifact is never given out, and storing it again repairs it', async () => {
  const bytes = Buffer.from('export const job = 2;');
  const hash = await store.put(bytes);
  writeFileSync(store.pathOf(hash), 'half');

  await expect(store.read(hash)).rejects.toThrow('does not have its sha256');
  await store.put(bytes);
  expect(await store.read(hash)).toStrictEqual(bytes);
});

test('a folder that cannot be written is named with its key', async () => {
  writeFileSync(join(root, 'file'), '');
  const blocked = new NodeArtifactStore(join(root, 'file', 'below'));

  await expect(blocked.put(Buffer.from('x'))).rejects.toMatchObject({
    failure: { code: 'artifact-not-stored', remedy: 'Check io.tmp.dirs: it must be a writable folder with room.' },
  });
});
