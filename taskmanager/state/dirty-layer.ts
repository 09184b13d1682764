import type { Binary } from '../../shared/checkpoint/binary.ts';
import { invariant } from '../../shared/invariant.ts';

export const DELETED: unique symbol = Symbol('deleted');

/** What a layer holds of one row: a value, its deletion, or changes of a map. */
export type RowChange = Binary | typeof DELETED | MapChange;

export interface MapChange {
  /** When set, the row was emptied before `entries` were written. */
  cleared: Cleared | undefined;
  readonly entries: Map<Binary, Binary | typeof DELETED>;
}

export interface Cleared {
  /** Every map key that can be in the store when this layer is applied; undefined: not known, delete the whole range. */
  readonly known: ReadonlySet<Binary> | undefined;
}

export type LayerContent = ReadonlyMap<number, ReadonlyMap<Binary, RowChange>>;

/** Bytes of memory an entry costs beside its own: string headers and its share of the hash table. */
const ENTRY_OVERHEAD = 80;
/** Emptying a row of more keys is one range delete; fewer are deleted singly, since each range delete slows all later reads. */
const KNOWN_KEYS_MAX = 64;

/** The writes of one epoch, or of a part of it, by section and row. Changes only while it is the current one. */
export class DirtyLayer {
  readonly sequence: number;
  #bytes = 0;
  readonly #sections = new Map<number, Map<Binary, RowChange>>();

  constructor(sequence: number) {
    this.sequence = sequence;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#sections.size === 0;
  }

  get content(): LayerContent {
    return this.#sections;
  }

  find(section: number, row: Binary): RowChange | undefined {
    return this.#sections.get(section)?.get(row);
  }

  set(section: number, row: Binary, change: Binary | typeof DELETED): void {
    const rows = this.#rowsOf(section);
    const before = rows.get(row);
    rows.set(row, change);
    this.#bytes +=
      before === undefined ? row.length + ENTRY_OVERHEAD + sizeOf(change) : sizeOf(change) - sizeOf(before);
  }

  setEntry(section: number, row: Binary, mapKey: Binary, value: Binary | typeof DELETED): void {
    const { entries } = this.#mapOf(section, row);
    const before = entries.get(mapKey);
    entries.set(mapKey, value);
    this.#bytes +=
      before === undefined ? mapKey.length + ENTRY_OVERHEAD + sizeOf(value) : sizeOf(value) - sizeOf(before);
  }

  /** `present`: the map keys the row holds at this moment, where the caller knows them all. */
  clear(section: number, row: Binary, present: Iterable<Binary> | undefined): void {
    const change = this.#mapOf(section, row);
    change.cleared = { known: knownAfter(change, present) };
    for (const [mapKey, value] of change.entries) {
      this.#bytes -= mapKey.length + ENTRY_OVERHEAD + sizeOf(value);
    }
    change.entries.clear();
  }

  #rowsOf(section: number): Map<Binary, RowChange> {
    let rows = this.#sections.get(section);
    if (rows === undefined) {
      rows = new Map();
      this.#sections.set(section, rows);
    }
    return rows;
  }

  #mapOf(section: number, row: Binary): MapChange {
    const rows = this.#rowsOf(section);
    const before = rows.get(row);
    if (before === undefined) {
      const change: MapChange = { cleared: undefined, entries: new Map() };
      rows.set(row, change);
      this.#bytes += row.length + ENTRY_OVERHEAD;
      return change;
    }
    invariant(typeof before === 'object', 'a row is used as a map and as a single value');
    return before;
  }
}

/**
 * What the store may hold of the row when the layer is applied: all earlier layers are in it by then, so it is what the row
 * held before this layer. Each such key is present now, or this layer has changed it.
 */
function knownAfter(change: MapChange, present: Iterable<Binary> | undefined): ReadonlySet<Binary> | undefined {
  if (present === undefined || (change.cleared !== undefined && change.cleared.known === undefined)) {
    return undefined;
  }
  const known = new Set<Binary>(change.cleared?.known);
  for (const keys of [present, change.entries.keys()]) {
    for (const mapKey of keys) {
      known.add(mapKey);
      if (known.size > KNOWN_KEYS_MAX) {
        return undefined;
      }
    }
  }
  return known;
}

function sizeOf(change: RowChange): number {
  return typeof change === 'string' ? change.length : 0;
}
