import { compareBinary } from '../../shared/checkpoint/binary.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { StateEntry } from '../../shared/checkpoint/state-entry.ts';
import { required } from '../../shared/invariant.ts';
import type { RowChange } from './dirty-layer.ts';
import type { StoreRange } from './key-value-store.ts';
import { appendEntries } from './layer-entries.ts';
import type { LayerStack } from './layer-stack.ts';

/** One input of a scan: what a layer in memory holds of the range, or a layer that stands in the overlay. */
export type ScanLayer =
  | { readonly kind: 'memory'; readonly entries: readonly StateEntry[] }
  | { readonly kind: 'overlay'; readonly sequence: number };

/** What the layers hold of the rows of one section in a range at this moment, oldest layer first. */
export function captureSection(layers: LayerStack, section: number, range: StoreRange): readonly ScanLayer[] {
  return capture(layers, section, (rows) =>
    Array.from(rows.keys())
      .filter((row) => row >= range.from && row < range.to)
      .sort(compareBinary),
  );
}

/** What the layers hold of one row at this moment, oldest layer first. */
export function captureRow(layers: LayerStack, section: number, row: Binary): readonly ScanLayer[] {
  return capture(layers, section, (rows) => (rows.has(row) ? [row] : []));
}

function capture(
  layers: LayerStack,
  section: number,
  choose: (rows: ReadonlyMap<Binary, RowChange>) => readonly Binary[],
): readonly ScanLayer[] {
  const inputs: ScanLayer[] = [];
  for (const { sequence, content } of [...layers.sealed, layers.current]) {
    if (content === undefined) {
      inputs.push({ kind: 'overlay', sequence });
      continue;
    }
    const rows = content.get(section) ?? NO_ROWS;
    const entries: StateEntry[] = [];
    for (const row of choose(rows)) {
      appendEntries(entries, row, required(rows.get(row), 'a row'));
    }
    if (entries.length > 0) {
      inputs.push({ kind: 'memory', entries });
    }
  }
  return inputs;
}

const NO_ROWS: ReadonlyMap<Binary, RowChange> = new Map();
