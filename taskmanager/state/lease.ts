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
  #isHeld = true;

  constructor(cache: RowCache) {
    this.#cache = cache;
  }

  get isVoid(): boolean {
    return this.#cache.isRetired;
  }

  add(row: Binary, cell: Cell): void {
    this.#cache.lease(row, cell);
    this.#rows.push(row);
  }

  release(): void {
    if (!this.#isHeld) {
      return;
    }
    this.#isHeld = false;
    for (const row of this.#rows) {
      this.#cache.release(row);
    }
  }
}
