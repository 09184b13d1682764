import type { Binary } from '../../shared/checkpoint/binary.ts';
import { invariant } from '../../shared/invariant.ts';
import { DELETED } from './dirty-layer.ts';
import type { MapChange } from './dirty-layer.ts';
import { FetchPlan } from './fetch-plan.ts';
import type { RowRequest } from './fetch-plan.ts';
import { RowsLease } from './lease.ts';
import type { Lease } from './lease.ts';
import { LayerStack, changesNewestFirst } from './layer-stack.ts';
import { RowCache, entryBytes, valueCell } from './row-cache.ts';
import type { Cell, MapCell } from './row-cache.ts';
import { MARKER } from './state-key.ts';

/**
 * The keyed state of one subtask, as it is now: the writes of the current epoch, over those of frozen epochs, over what the
 * local store holds. Pure and synchronous; `KeyedStore` brings it together with the store.
 *
 * E1  A read gives the last write of its row, whatever epoch it belongs to and whatever is frozen, spilled, applied, fetched or
 *     evicted meanwhile.
 * E2  Only rows that are resident are read: they were prefetched under a lease that is still held, or written before. Anything
 *     else is a bug of the operator, and loud.
 * E3  A frozen layer never changes: values are bytes, and `freeze` takes the layer as it is (O(1)).
 * E4  A fetch never puts an older value in the place of a newer one (layer-stack L2, cache C1).
 */
export class EpochStore {
  readonly layers = new LayerStack();
  readonly #cacheBytesMax: number;
  #cache: RowCache;

  constructor(cacheBytesMax: number) {
    this.#cacheBytesMax = cacheBytesMax;
    this.#cache = new RowCache(cacheBytesMax);
  }

  get cacheBytes(): number {
    return this.#cache.bytes;
  }

  // ------------------------------------------------------------------------------------------- single values

  readValue(row: Binary): Binary | undefined {
    const cell = this.#cache.find(row);
    invariant(cell?.kind === 'value', 'a value was read that was not prefetched (E2)');
    return cell.value;
  }

  /** Needs no prefetch. */
  writeValue(section: number, row: Binary, value: Binary | undefined): void {
    this.layers.current.set(section, row, value ?? DELETED);
    const cell = this.#cache.find(row);
    if (cell === undefined) {
      this.#cache.add(row, valueCell(value));
      return;
    }
    invariant(cell.kind === 'value', 'a row is used as a map and as a single value');
    this.#cache.grown((value?.length ?? 0) - (cell.value?.length ?? 0));
    cell.value = value;
  }

  /** For rows that are not read by key, as timers: leaves no trace in the cache. */
  writeRow(section: number, row: Binary, value: Binary | undefined): void {
    this.layers.current.set(section, row, value ?? DELETED);
  }

  // ------------------------------------------------------------------------------------------- maps

  /** All entries of a map, in no order. */
  readMap(row: Binary): ReadonlyMap<Binary, Binary> {
    return this.#mapCell(row).entries;
  }

  writeEntry(section: number, row: Binary, mapKey: Binary, value: Binary | undefined): void {
    invariant(mapKey !== MARKER, 'a map key is empty');
    const cell = this.#mapCell(row);
    const before = cell.entries.get(mapKey);
    const bytesBefore = before === undefined ? 0 : entryBytes(mapKey, before);
    if (value === undefined) {
      if (before !== undefined) {
        this.#removeEntry(section, row, mapKey, cell);
        this.#cache.grown(-bytesBefore);
      }
      return;
    }
    if (!cell.hasMarker) {
      cell.hasMarker = true;
      this.layers.current.setEntry(section, row, MARKER, '');
    }
    cell.entries.set(mapKey, value);
    this.layers.current.setEntry(section, row, mapKey, value);
    this.#cache.grown(entryBytes(mapKey, value) - bytesBefore);
  }

  clearMap(section: number, row: Binary): void {
    const cell = this.#mapCell(row);
    if (!cell.hasMarker) {
      return;
    }
    this.layers.current.clear(section, row, [MARKER, ...cell.entries.keys()]);
    cell.entries.clear();
    cell.hasMarker = false;
  }

  /** An emptied map leaves nothing behind, not even its marker. */
  #removeEntry(section: number, row: Binary, mapKey: Binary, cell: MapCell): void {
    cell.entries.delete(mapKey);
    this.layers.current.setEntry(section, row, mapKey, DELETED);
    if (cell.entries.size === 0) {
      this.layers.current.clear(section, row, [MARKER]);
      cell.hasMarker = false;
    }
  }

  // ------------------------------------------------------------------------------------------- large maps

  writeLargeEntry(section: number, row: Binary, mapKey: Binary, value: Binary | undefined): void {
    invariant(mapKey !== MARKER, 'a map key is empty');
    this.layers.current.setEntry(section, row, mapKey, value ?? DELETED);
  }

  clearLarge(section: number, row: Binary): void {
    this.layers.current.clear(section, row, undefined);
  }

  /** Deletes what a sweep found expired in the store, unless the row was touched since: then it is not what was found. */
  deleteSwept(section: number, row: Binary, mapKey: Binary): boolean {
    for (const change of changesNewestFirst(this.layers, section, row)) {
      if (change === undefined || typeof change !== 'object' || mapKey === MARKER) {
        return false;
      }
      if (change.cleared !== undefined || change.entries.has(mapKey)) {
        return false;
      }
    }
    const cell = this.#cache.find(row);
    if (mapKey === MARKER) {
      if (cell === undefined) {
        this.writeRow(section, row, undefined);
      } else {
        this.writeValue(section, row, undefined);
      }
    } else if (cell === undefined) {
      this.layers.current.setEntry(section, row, mapKey, DELETED);
    } else {
      this.writeEntry(section, row, mapKey, undefined);
    }
    return true;
  }

  /** Deletes the marker of a map in which a sweep found no entry that lives, unless one was written since. */
  deleteSweptMarker(section: number, row: Binary): void {
    for (const change of changesNewestFirst(this.layers, section, row)) {
      if (typeof change !== 'object' || Array.from(change.entries.values()).some((value) => value !== DELETED)) {
        return;
      }
    }
    const cell = this.#cache.find(row);
    if (cell === undefined) {
      this.layers.current.setEntry(section, row, MARKER, DELETED);
    } else if (cell.kind === 'map' && cell.entries.size === 0) {
      this.clearMap(section, row);
    }
  }

  // ------------------------------------------------------------------------------------------- fetching

  /**
   * Makes rows readable. A lease when memory knows them all; otherwise a plan: read what it asks for, then give it to
   * `finishFetch`. Every plan must be finished, or be given up with `abandonFetch`.
   */
  planFetch(requests: readonly RowRequest[]): Lease | FetchPlan {
    const lease = new RowsLease(this.#cache);
    let missing: RowRequest[] | undefined;
    for (const request of requests) {
      const cell = this.#cache.find(request.row) ?? this.#cellFromLayers(request);
      if (cell === undefined) {
        missing ??= [];
        missing.push(request);
      } else {
        lease.add(request.row, cell);
      }
    }
    if (missing === undefined) {
      return lease;
    }
    const overlays = this.layers.sealed.filter((layer) => layer.isSpilled).map((layer) => layer.sequence);
    return new FetchPlan(this.layers.beginRead(), missing, overlays, lease);
  }

  finishFetch(plan: FetchPlan): Lease {
    const { lease } = plan;
    if (lease.isVoid) {
      return lease;
    }
    for (const request of plan.missing) {
      let cell = this.#cache.find(request.row);
      if (cell === undefined) {
        cell = plan.cellOf(request, this.layers);
        this.#cache.add(request.row, cell);
      }
      lease.add(request.row, cell);
    }
    this.layers.endRead(plan.ticket);
    return lease;
  }

  abandonFetch(plan: FetchPlan): void {
    plan.lease.release();
    this.layers.endRead(plan.ticket);
  }

  // ------------------------------------------------------------------------------------------- rollback

  /** Drops what does not belong to `checkpoint` (undefined: everything unapplied), and every cell: they may show it. */
  rollback(checkpoint: Parameters<LayerStack['rollback']>[0]): void {
    this.layers.rollback(checkpoint);
    this.#cache.retire();
    this.#cache = new RowCache(this.#cacheBytesMax);
  }

  #mapCell(row: Binary): MapCell {
    const cell = this.#cache.find(row);
    invariant(cell?.kind === 'map', 'a map was used that was not prefetched (E2)');
    return cell;
  }

  /** A row whose newest change says all: a value, or a map that was emptied. */
  #cellFromLayers({ kind, section, row }: RowRequest): Cell | undefined {
    const newer: MapChange[] = [];
    for (const change of changesNewestFirst(this.layers, section, row)) {
      if (change === undefined) {
        return undefined;
      }
      if (typeof change !== 'object') {
        invariant(kind === 'value', 'a row is used as a map and as a single value');
        return this.#added(row, valueCell(change === DELETED ? undefined : change));
      }
      newer.push(change);
      if (change.cleared !== undefined) {
        return this.#added(row, FetchPlan.foldedCell(new Map(), newer.reverse()));
      }
    }
    return undefined;
  }

  #added(row: Binary, cell: Cell): Cell {
    this.#cache.add(row, cell);
    return cell;
  }
}
