import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { Cell, RowCache } from './row-cache.ts';

/** Rows that stay readable until it is released. */
export interface Lease {
  /** True when the store was rolled back meanwhile: nothing may be read under it. */
  readonly isVoid: boolean;
  release(): void;
}

export class RowsLease implements Lease {
  readonly #cache: RowCache;
  readonly #rows: Binary[] = [];
  readonly #cells: Cell[] = [];
  #isHeld = true;

  constructor(cache: RowCache) {
    this.#cache = cache;
  }

  get isVoid(): boolean {
    return this.#cache.isRetired;
  }

  add(row: Binary, cell: Cell): void {
    cell.leases += 1;
    this.#rows.push(row);
    this.#cells.push(cell);
  }

  release(): void {
    if (!this.#isHeld) {
      return;
    }
    this.#isHeld = false;
    this.#cells.forEach((cell, i) => {
      cell.leases -= 1;
      if (cell.leases === 0) {
        this.#cache.released(this.#rows[i] ?? '');
      }
    });
  }
}
