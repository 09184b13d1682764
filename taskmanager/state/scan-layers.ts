import type { Binary } from '../../shared/checkpoint/binary.ts';
import { mergeEntries, streamOf } from '../../shared/checkpoint/merge-entries.ts';
import type { EntryStream, StateEntry } from '../../shared/checkpoint/state-entry.ts';
import type { ScanLayer } from './capture-layers.ts';
import type { StoreEntry, StoreRange, StoreSnapshot } from './key-value-store.ts';
import { overlayToEntries } from './overlay-entry.ts';
import { overlayPrefix } from './state-key.ts';

const ENTRIES_PER_SLICE = 512;

/** What a snapshot of the store holds of a range, under the layers that were captured with it. */
export async function* scanOver(
  snapshot: StoreSnapshot,
  layers: readonly ScanLayer[],
  range: StoreRange,
): AsyncGenerator<readonly StateEntry[]> {
  try {
    const inputs: EntryStream[] = [entriesOfStore(snapshot.scan(range, ENTRIES_PER_SLICE))];
    for (const layer of layers) {
      if (layer.kind === 'memory') {
        inputs.push(streamOf(layer.entries));
        continue;
      }
      const prefix = overlayPrefix(layer.sequence);
      const spilled = { from: prefix + range.from, to: prefix + range.to };
      inputs.push(entriesOfOverlay(snapshot.scan(spilled, ENTRIES_PER_SLICE), prefix));
    }
    yield* mergeEntries(inputs, { keepDeletions: false, batchMax: ENTRIES_PER_SLICE });
  } finally {
    await snapshot.release();
  }
}

async function* entriesOfStore(batches: AsyncIterable<readonly StoreEntry[]>): AsyncGenerator<readonly StateEntry[]> {
  for await (const batch of batches) {
    yield batch.map(({ key, value }) => ({ kind: 'put', key, value }));
  }
}

export async function* entriesOfOverlay(
  batches: AsyncIterable<readonly StoreEntry[]>,
  prefix: Binary,
): AsyncGenerator<readonly StateEntry[]> {
  for await (const batch of batches) {
    yield batch.flatMap(({ key, value }) => overlayToEntries(key.slice(prefix.length), value));
  }
}
