import type { SplitId } from '../../shared/ids.ts';
import type { RecordSet } from './record-batch-decode.ts';

/**
 * What was fetched and not yet read, bounded in bytes.
 *
 * I1  Held plus reserved bytes never pass `bytesMax` by more than what one answer may exceed its limit: one batch of records
 *     that is larger than the limit on its own.
 * I2  Record sets leave in the order in which they came; of one split that is the order of its offsets.
 */
export class FetchBuffer {
  readonly #bytesMax: number;
  readonly #sets: RecordSet[] = [];
  #heldBytes = 0;
  #reservedBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Bytes that may be asked for now, at most `wanted`; 0 while a good part of the buffer is full. */
  reserve(wanted: number): number {
    const room = this.#bytesMax - this.#heldBytes - this.#reservedBytes;
    if (room < Math.min(wanted, this.#bytesMax / 4)) {
      return 0;
    }
    const granted = Math.min(wanted, room);
    this.#reservedBytes += granted;
    return granted;
  }

  /** The answer to a reservation is here (its sets were added by `put`), or there will be none. */
  settle(granted: number): void {
    this.#reservedBytes -= granted;
    this.#wakeAll();
  }

  put(set: RecordSet): void {
    this.#sets.push(set);
    this.#heldBytes += set.records.length;
  }

  /** The oldest set; its bytes count until `release`. */
  take(): RecordSet | undefined {
    return this.#sets.shift();
  }

  release(bytes: number): void {
    this.#heldBytes -= bytes;
    this.#wakeAll();
  }

  /** Drops what is held of a split that is read to its end. */
  drop(split: SplitId): void {
    for (let i = this.#sets.length - 1; i >= 0; i -= 1) {
      const set = this.#sets[i];
      if (set?.split === split) {
        this.#sets.splice(i, 1);
        this.#heldBytes -= set.records.length;
      }
    }
    this.#wakeAll();
  }

  /** Calls `wake` once, after the next change that makes room. */
  onRoom(wake: () => void): void {
    this.#waiting.push(wake);
  }

  #wakeAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) {
      wake();
    }
  }
}
