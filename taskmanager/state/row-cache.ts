import type { Binary } from '../../shared/checkpoint/binary.ts';

/** The newest content of a row, whole. */
export type Cell = ValueCell | MapCell;

export interface ValueCell {
  readonly kind: 'value';
  value: Binary | undefined;
  /** How many leases hold it. */
  leases: number;
}

export interface MapCell {
  readonly kind: 'map';
  readonly entries: Map<Binary, Binary>;
  /** Whether the store, or a write on its way there, has the row's marker: "this map may hold something". */
  hasMarker: boolean;
  leases: number;
}

export function valueCell(value: Binary | undefined): ValueCell {
  return { kind: 'value', value, leases: 0 };
}

/** Bytes of memory a cell or a map entry costs beside its key and value. */
const CELL_OVERHEAD = 120;
const ENTRY_OVERHEAD = 80;

/**
 * Rows whose newest content is known. Two generations approximate least recently used at the price of one lookup: when the
 * young one is full it becomes the old one, and what is used again moves back.
 *
 * C1  A row has at most one cell. Every write goes to it, so a cell is never older than any layer.
 * C2  A leased cell stays, whatever the pressure: rows that were prefetched are there until their records are done.
 * C3  Bytes of cells that are not leased stay below the maximum (each generation below half of it).
 */
export class RowCache {
  readonly #generationBytesMax: number;
  #young = new Map<Binary, Cell>();
  #old = new Map<Binary, Cell>();
  #youngBytes = 0;
  #oldBytes = 0;
  /** Cells that were leased when their generation went. */
  readonly #kept = new Map<Binary, Cell>();
  #isRetired = false;

  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2;
  }

  /** Estimate of the memory held; at most twice what is really there, since a cell may be counted in both generations. */
  get bytes(): number {
    return this.#youngBytes + this.#oldBytes;
  }

  /** True once another cache has taken its place: nothing in it is to be read. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  retire(): void {
    this.#isRetired = true;
  }

  find(row: Binary): Cell | undefined {
    const young = this.#young.get(row);
    if (young !== undefined) {
      return young;
    }
    const cell = this.#old.get(row) ?? this.#kept.get(row);
    if (cell !== undefined) {
      this.#enter(row, cell);
    }
    return cell;
  }

  /** The row must have no cell. */
  add(row: Binary, cell: Cell): void {
    this.#enter(row, cell);
  }

  /** A cell has grown (or shrunk) by so many bytes. */
  grown(bytes: number): void {
    this.#youngBytes += bytes;
    this.#rotateIfFull();
  }

  /** After the last lease of a cell has ended. */
  released(row: Binary): void {
    this.#kept.delete(row);
  }

  #enter(row: Binary, cell: Cell): void {
    this.#young.set(row, cell);
    this.#youngBytes += cellBytes(row, cell);
    this.#rotateIfFull();
  }

  #rotateIfFull(): void {
    if (this.#youngBytes > this.#generationBytesMax) {
      for (const [row, cell] of this.#old) {
        if (cell.leases > 0 && !this.#young.has(row)) {
          this.#kept.set(row, cell); // C2
        }
      }
      this.#old = this.#young;
      this.#oldBytes = this.#youngBytes;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
  }
}

export function entryBytes(mapKey: Binary, value: Binary): number {
  return ENTRY_OVERHEAD + mapKey.length + value.length;
}

function cellBytes(row: Binary, cell: Cell): number {
  if (cell.kind === 'value') {
    return CELL_OVERHEAD + row.length + (cell.value?.length ?? 0);
  }
  let bytes = CELL_OVERHEAD + row.length;
  for (const [mapKey, value] of cell.entries) {
    bytes += entryBytes(mapKey, value);
  }
  return bytes;
}
