import type { Binary } from '../../shared/checkpoint/binary.ts';
import { timeOfRow } from './timer-key.ts';

/** What is read to fill a head again: rows of the section from `from` on. */
export interface HeadRead {
  readonly from: Binary;
  readonly changes: Map<Binary, 'registered' | 'deleted'>;
}

/**
 * The next timers of one key group.
 *
 * G1  `head` holds, in order, every timer below `bound`; the others are in the state alone. Without a bound it holds all.
 * G2  The head holds at most `headMax` timers (and what is registered during a read): the last ones leave, and the bound moves
 *     down to them.
 * G3  While the head is read anew, changes behind the bound are noted and win over what was read.
 */
export class TimerGroup {
  readonly #headMax: number;
  readonly #head: Binary[] = [];
  #bound: Binary | undefined;
  #reading: HeadRead | undefined;

  /** `bound`: the section's first possible row when timers may have been restored, undefined when there are none. */
  constructor(headMax: number, bound: Binary | undefined) {
    this.#headMax = headMax;
    this.#bound = bound;
  }

  get head(): readonly Binary[] {
    return this.#head;
  }

  /** No timer is earlier. Infinity: there is none. */
  get earliestMs(): number {
    const first = this.#head[0];
    return first === undefined ? this.unknownFromMs : timeOfRow(first);
  }

  /** Timers at or after this time may be in the state alone. */
  get unknownFromMs(): number {
    return this.#bound === undefined ? Infinity : timeOfRow(this.#bound);
  }

  get needsRead(): boolean {
    return this.#head.length === 0 && this.#bound !== undefined && this.#reading === undefined;
  }

  /** False when the timer is known to be registered: nothing to write. */
  register(row: Binary): boolean {
    if (this.#isBehindBound(row)) {
      this.#reading?.changes.set(row, 'registered');
      return true;
    }
    const at = positionOf(this.#head, row);
    if (this.#head[at] === row) {
      return false;
    }
    this.#head.splice(at, 0, row);
    this.#trim();
    return true;
  }

  /** False when the timer is known not to be registered: nothing to write. */
  delete(row: Binary): boolean {
    if (this.#isBehindBound(row)) {
      this.#reading?.changes.set(row, 'deleted');
      return true;
    }
    const at = positionOf(this.#head, row);
    if (this.#head[at] !== row) {
      return false;
    }
    this.#head.splice(at, 1);
    return true;
  }

  has(row: Binary): boolean {
    return this.#head[positionOf(this.#head, row)] === row;
  }

  beginRead(): HeadRead {
    const read: HeadRead = { from: this.#bound ?? '', changes: new Map() };
    this.#reading = read;
    return read;
  }

  /** `rows`: in order, as they were when the read began; `isAll`: none follows them. */
  endRead(read: HeadRead, rows: readonly Binary[], isAll: boolean): void {
    if (this.#reading !== read) {
      return;
    }
    this.#reading = undefined;
    const last = rows.at(-1);
    this.#bound = isAll || last === undefined ? undefined : `${last}\0`;
    const found = new Set(rows);
    for (const [row, change] of read.changes) {
      if (change === 'deleted') {
        found.delete(row);
      } else if (!this.#isBehindBound(row)) {
        found.add(row);
      }
    }
    this.#head.push(...found);
    this.#head.sort();
    this.#trim();
  }

  abandonRead(read: HeadRead): void {
    if (this.#reading === read) {
      this.#reading = undefined;
    }
  }

  #isBehindBound(row: Binary): boolean {
    return this.#bound !== undefined && row >= this.#bound;
  }

  /** Not while a read is under way: it began behind the present bound, and would miss what leaves below it. */
  #trim(): void {
    while (this.#head.length > this.#headMax && this.#reading === undefined) {
      this.#bound = this.#head.pop();
    }
  }
}

function positionOf(rows: readonly Binary[], row: Binary): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle] ?? '') < row) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
