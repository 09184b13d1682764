import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findState } from '../../shared/checkpoint/find-state.ts';
import { METADATA_FORMAT } from '../../shared/checkpoint/format-metadata.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { MemorySnapshotStore } from '../../shared/snapshot-store/memory-snapshot-store.ts';

const fixtures = join(import.meta.dirname, '../fixtures');
const formats = Array.from({ length: METADATA_FORMAT }, (_, i) => i + 1);
const call = { deadlineMs: 1_000, signal: new AbortController().signal };

describe.each(formats)('a savepoint of format %i', (format) => {
  test('is still read, and holds what was counted when it was made', async () => {
    const fixture = join(fixtures, `savepoint-format-${format}`);
    const store = await loaded(join(fixture, 'savepoint'));
    const { visits } = JSON.parse(readFileSync(join(fixture, 'expected.json'), 'utf8')) as {
      readonly visits: Readonly<Record<string, number>>;
    };

    const metadata = await readMetadata(store, 'savepoint/metadata', call);

    expect(metadata.kind).toBe('savepoint');
    for (const [patient, count] of Object.entries(visits)) {
      const query = { uid: 'count', state: 'visits', key: patient };
      const [found] = await findState(metadata, query, { store, call, fetchBytes: 4_096 });
      expect(found?.content).toMatchObject({ kind: 'value', value: { value: count } });
    }
  });
});

async function loaded(folder: string): Promise<MemorySnapshotStore> {
  const store = new MemorySnapshotStore();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      await store.put(`savepoint${path.slice(folder.length)}`, readFileSync(path), call);
    }
  }
  return store;
}
