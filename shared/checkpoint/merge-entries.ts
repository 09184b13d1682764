import type { Binary } from './binary.ts';
import type { EntryStream, StateEntry } from './state-entry.ts';

export interface MergeOptions {
  /** False where nothing older lies below the oldest input: deletions have then nothing left to delete. */
  readonly keepDeletions: boolean;
  readonly batchMax: number;
}

/**
 * Merges streams of entries, oldest first, into one that has the same effect as applying them one after the other.
 *
 * M1  Of the entries of one key the newest input's wins; a clear of an input hides what older inputs hold under its prefix.
 * M2  Memory: one batch of each input, and one of output.
 */
export async function* mergeEntries(
  inputs: readonly EntryStream[],
  options: MergeOptions,
): AsyncGenerator<readonly StateEntry[]> {
  const cursors = inputs.map((input, level) => new Cursor(input, level));
  try {
    for (const cursor of cursors) {
      await cursor.open();
    }
    yield* mergeCursors(cursors, options);
  } finally {
    for (const cursor of cursors) {
      await cursor.close();
    }
  }
}

async function* mergeCursors(
  cursors: readonly Cursor[],
  { keepDeletions, batchMax }: MergeOptions,
): AsyncGenerator<readonly StateEntry[]> {
  let output: StateEntry[] = [];
  let cleared: { readonly prefix: Binary; readonly level: number } | undefined;
  for (let key = leastKey(cursors); key !== undefined; key = leastKey(cursors)) {
    const hiddenBelow = cleared !== undefined && key.startsWith(cleared.prefix) ? cleared.level : -1;
    const taken = new TakenKey(hiddenBelow);
    for (const cursor of cursors) {
      while (takeUntilRefill(cursor, key, taken)) {
        await cursor.refill();
      }
    }
    if (taken.clearLevel > hiddenBelow) {
      cleared = { prefix: key, level: taken.clearLevel };
      output.push(...(keepDeletions ? [{ kind: 'clear' as const, key }] : []));
    }
    if (taken.newest !== undefined && (keepDeletions || taken.newest.kind === 'put')) {
      output.push(taken.newest);
    }
    if (output.length >= batchMax) {
      yield output;
      output = [];
    }
  }
  if (output.length > 0) {
    yield output;
  }
}

/** True when the cursor's batch is used up: there may be more of the key in its next one. */
function takeUntilRefill(cursor: Cursor, key: Binary, taken: TakenKey): boolean {
  while (cursor.head?.key === key) {
    taken.add(cursor.head, cursor.level);
    if (!cursor.advance()) {
      return true;
    }
  }
  return false;
}

/** What the inputs say of one key, taken in ascending order of their levels: a later one overrides what was there. */
class TakenKey {
  newest: StateEntry | undefined;
  clearLevel: number;

  constructor(hiddenBelow: number) {
    this.clearLevel = hiddenBelow;
  }

  add(entry: StateEntry, level: number): void {
    if (level < this.clearLevel) {
      return;
    }
    if (entry.kind === 'clear') {
      this.clearLevel = level;
      this.newest = undefined;
    } else {
      this.newest = entry;
    }
  }
}

function leastKey(cursors: readonly Cursor[]): Binary | undefined {
  let least: Binary | undefined;
  for (const { head } of cursors) {
    if (head !== undefined && (least === undefined || head.key < least)) {
      least = head.key;
    }
  }
  return least;
}

class Cursor {
  readonly level: number;
  head: StateEntry | undefined;
  readonly #iterator: AsyncIterator<readonly StateEntry[]>;
  #batch: readonly StateEntry[] = [];
  #at = 0;
  #ended = false;

  constructor(input: EntryStream, level: number) {
    this.#iterator = input[Symbol.asyncIterator]();
    this.level = level;
  }

  async open(): Promise<void> {
    await this.refill();
  }

  /** False when the batch is used up: `refill` next. */
  advance(): boolean {
    this.#at += 1;
    this.head = this.#batch[this.#at];
    return this.head !== undefined;
  }

  async refill(): Promise<void> {
    this.#batch = [];
    this.#at = 0;
    while (this.#batch.length === 0 && !this.#ended) {
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.#ended = true;
      } else {
        this.#batch = next.value;
      }
    }
    this.head = this.#batch[0];
  }

  async close(): Promise<void> {
    if (!this.#ended) {
      this.#ended = true;
      await this.#iterator.return?.();
    }
  }
}

/** A stream of entries that are in memory already. */
export async function* streamOf(entries: readonly StateEntry[]): AsyncGenerator<readonly StateEntry[]> {
  yield await Promise.resolve(entries);
}
