import { prefixEnd } from '../../shared/checkpoint/binary.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import { required } from '../../shared/invariant.ts';
import { DELETED } from './dirty-layer.ts';
import type { MapChange } from './dirty-layer.ts';
import { foldChange, foldOverlay } from './fold-row.ts';
import type { RowEntries } from './fold-row.ts';
import type { StoreEntry, StoreRange } from './key-value-store.ts';
import type { LayerStack, ReadTicket } from './layer-stack.ts';
import type { RowsLease } from './lease.ts';
import { parseOverlayValue } from './overlay-entry.ts';
import { valueCell } from './row-cache.ts';
import type { Cell } from './row-cache.ts';
import { MARKER, overlayPrefix } from './state-key.ts';

/** A row to be made readable: the whole of it, a single value or a map. */
export interface RowRequest {
  readonly kind: 'value' | 'map';
  readonly section: number;
  readonly row: Binary;
}

/**
 * The reads that make rows resident, in two steps: first one batch of `gets` (each row's value, or the marker of a map, in the
 * store and in each spilled layer), then `scans` of those maps that may hold something.
 */
export class FetchPlan {
  readonly ticket: ReadTicket;
  readonly missing: readonly RowRequest[];
  /** Resident rows at first; in the end all. */
  readonly lease: RowsLease;
  readonly #overlays: readonly number[];
  /** Answers of the gets by place and row: '' is the store, otherwise an overlay's prefix. */
  readonly #answers = new Map<Binary, Binary>();
  /** What was scanned of each place and row, by map key. */
  readonly #rows = new Map<Binary, RowEntries>();

  constructor(ticket: ReadTicket, missing: readonly RowRequest[], overlays: readonly number[], lease: RowsLease) {
    this.ticket = ticket;
    this.missing = missing;
    this.lease = lease;
    this.#overlays = overlays;
  }

  gets(): Binary[] {
    const places = this.#places();
    return this.missing.flatMap(({ row }) => places.map((place) => place + row));
  }

  takeGets(keys: readonly Binary[], values: readonly (Binary | undefined)[]): void {
    keys.forEach((key, i) => {
      const value = values[i];
      if (value !== undefined) {
        this.#answers.set(key, value);
      }
    });
  }

  scans(): StoreRange[] {
    const places = this.#places();
    const maps = this.missing.filter(
      ({ kind, row }) => kind === 'map' && places.some((place) => this.#answers.has(place + row)),
    );
    return maps.flatMap(({ row }) =>
      places.map((place) => ({ from: place + row, to: required(prefixEnd(place + row), 'the end of a row') })),
    );
  }

  takeScan({ from }: StoreRange, entries: readonly StoreEntry[]): void {
    const row: RowEntries = this.#rows.get(from) ?? new Map<Binary, Binary>();
    for (const { key, value } of entries) {
      row.set(key.slice(from.length), value);
    }
    this.#rows.set(from, row);
  }

  /** What was read of the row, under all layers that are here now (layer-stack L2). */
  cellOf(request: RowRequest, layers: LayerStack): Cell {
    return request.kind === 'value' ? this.#valueCell(request, layers) : this.#mapCell(request, layers);
  }

  /** A map from what lies below and changes above it, oldest first. */
  static foldedCell(entries: RowEntries, changes: readonly MapChange[]): Cell {
    for (const change of changes) {
      foldChange(entries, change);
    }
    const hasMarker = entries.delete(MARKER);
    return { kind: 'map', entries, hasMarker, leases: 0 };
  }

  #valueCell({ section, row }: RowRequest, layers: LayerStack): Cell {
    const all = [...layers.sealed, layers.current];
    for (let i = all.length - 1; i >= 0; i -= 1) {
      const layer = required(all[i], 'a layer');
      const change = layer.content?.get(section)?.get(row);
      if (change === DELETED || typeof change === 'string') {
        return valueCell(change === DELETED ? undefined : change);
      }
      const spilled = layer.content === undefined ? this.#answers.get(overlayPrefix(layer.sequence) + row) : undefined;
      if (spilled !== undefined) {
        const { change: spilledChange } = parseOverlayValue(spilled);
        return valueCell(spilledChange?.kind === 'put' ? spilledChange.value : undefined);
      }
    }
    return valueCell(this.#answers.get(row));
  }

  #mapCell({ section, row }: RowRequest, layers: LayerStack): Cell {
    const entries: RowEntries = this.#rowAt('', row);
    for (const layer of [...layers.sealed, layers.current]) {
      if (layer.content === undefined) {
        foldOverlay(entries, this.#rowAt(overlayPrefix(layer.sequence), row));
        continue;
      }
      const change = layer.content.get(section)?.get(row);
      if (typeof change === 'object') {
        foldChange(entries, change);
      }
    }
    return FetchPlan.foldedCell(entries, []);
  }

  #rowAt(place: Binary, row: Binary): RowEntries {
    return this.#rows.get(place + row) ?? new Map<Binary, Binary>();
  }

  #places(): Binary[] {
    return ['', ...this.#overlays.map(overlayPrefix)];
  }
}
