import type { Binary } from '../../shared/checkpoint/binary.ts';
import { required } from '../../shared/invariant.ts';
import type { StoreEntry, StoreRange } from './key-value-store.ts';

/** Above this a chunk is split: small enough to insert quickly, large enough to keep the list of chunks short. */
const CHUNK_MAX = 512;

interface Chunk {
  readonly keys: Binary[];
  readonly values: Binary[];
  /** The generation that may change it; an older one belongs to a snapshot too and is copied first. */
  readonly generation: number;
}

/** Where an iteration is: the chunks of one moment. */
export interface PinnedChunks {
  readonly chunks: readonly Chunk[];
}

/**
 * A sorted map in chunks, whose whole state can be pinned at the price of its list of chunks: chunks are copied on the
 * first write after a pin.
 */
export class SortedChunks {
  #chunks: Chunk[] = [];
  #generation = 0;

  get(key: Binary): Binary | undefined {
    const chunk = this.#chunks[chunkOf(this.#chunks, key)];
    const at = chunk === undefined ? -1 : lowerBound(chunk.keys, key);
    return chunk?.keys[at] === key ? chunk.values[at] : undefined;
  }

  set(key: Binary, value: Binary): void {
    const index = chunkOf(this.#chunks, key);
    const chunk = this.#writable(index);
    const at = lowerBound(chunk.keys, key);
    if (chunk.keys[at] === key) {
      chunk.values[at] = value;
      return;
    }
    chunk.keys.splice(at, 0, key);
    chunk.values.splice(at, 0, value);
    if (chunk.keys.length > CHUNK_MAX) {
      this.#split(index, chunk);
    }
  }

  delete(key: Binary): void {
    const index = chunkOf(this.#chunks, key);
    const found = this.#chunks[index];
    const at = found === undefined ? -1 : lowerBound(found.keys, key);
    if (found?.keys[at] !== key) {
      return;
    }
    const chunk = this.#writable(index);
    chunk.keys.splice(at, 1);
    chunk.values.splice(at, 1);
    if (chunk.keys.length === 0) {
      this.#chunks.splice(index, 1);
    }
  }

  deleteRange({ from, to }: StoreRange): void {
    let index = chunkOf(this.#chunks, from);
    while (index < this.#chunks.length && required(this.#chunks[index]?.keys[0], 'a chunk without keys') < to) {
      const chunk = this.#writable(index);
      const start = lowerBound(chunk.keys, from);
      const count = lowerBound(chunk.keys, to) - start;
      chunk.keys.splice(start, count);
      chunk.values.splice(start, count);
      if (chunk.keys.length === 0) {
        this.#chunks.splice(index, 1);
      } else {
        index += 1;
      }
    }
  }

  pin(): PinnedChunks {
    this.#generation += 1;
    return { chunks: this.#chunks.slice() };
  }

  #writable(index: number): Chunk {
    const chunk = this.#chunks[index];
    if (chunk === undefined) {
      const first: Chunk = { keys: [], values: [], generation: this.#generation };
      this.#chunks.push(first);
      return first;
    }
    if (chunk.generation === this.#generation) {
      return chunk;
    }
    const copy: Chunk = { keys: chunk.keys.slice(), values: chunk.values.slice(), generation: this.#generation };
    this.#chunks[index] = copy;
    return copy;
  }

  #split(index: number, chunk: Chunk): void {
    const half = chunk.keys.length >> 1;
    const upper: Chunk = {
      keys: chunk.keys.splice(half),
      values: chunk.values.splice(half),
      generation: this.#generation,
    };
    this.#chunks.splice(index + 1, 0, upper);
  }
}

/** The entries of a range of a pinned moment, in order. */
export function* entriesOf({ chunks }: PinnedChunks, { from, to }: StoreRange): Generator<StoreEntry> {
  for (let index = chunkOf(chunks, from); index < chunks.length; index += 1) {
    const { keys, values } = required(chunks[index], 'a chunk');
    for (let at = lowerBound(keys, from); at < keys.length; at += 1) {
      const key = required(keys[at], 'a key');
      if (key >= to) {
        return;
      }
      yield { key, value: required(values[at], 'a value') };
    }
  }
}

/** The last chunk that begins at or below the key: where the key is, or belongs. 0 when there is none. */
function chunkOf(chunks: readonly Chunk[], key: Binary): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunks[middle]?.keys[0] ?? '') <= key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Math.max(0, low - 1);
}

function lowerBound(keys: readonly Binary[], key: Binary): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
