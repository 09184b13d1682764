import type { Binary } from '../../shared/checkpoint/binary.ts';
import { compareBinary, prefixEnd } from '../../shared/checkpoint/binary.ts';
import type { StateEntry } from '../../shared/checkpoint/state-entry.ts';
import { required } from '../../shared/invariant.ts';
import { DELETED } from './dirty-layer.ts';
import type { LayerContent, RowChange } from './dirty-layer.ts';
import type { StoreWrite } from './key-value-store.ts';

/** Rows sorted in one go: about two milliseconds. */
const SORT_MAX = 4_096;
/** A batch is closed at this size, however few its entries: values may be large. */
const BATCH_BYTES_MAX = 1024 * 1024;

/**
 * A layer's changes in key order, in batches of about `batchMax`. Each step does a bounded amount of work, whatever the size
 * of the layer: sections (a key group of a state) are sorted one by one, large ones in pieces that are then merged. A batch may
 * be empty: a piece was sorted.
 */
export function* sortedEntries(content: LayerContent, batchMax: number): Generator<readonly StateEntry[]> {
  const sections = Array.from(content.keys()).sort((a, b) => a - b);
  let batch: StateEntry[] = [];
  let bytes = 0;
  for (const section of sections) {
    const rows = required(content.get(section), 'a section');
    for (const row of rowsInOrder(rows)) {
      if (row === undefined) {
        yield [];
        continue;
      }
      const change = required(rows.get(row), 'a row');
      appendEntries(batch, row, change);
      bytes += valueBytes(change);
      if (batch.length >= batchMax || bytes >= BATCH_BYTES_MAX) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) {
    yield batch;
  }
}

/** Row keys in order; undefined between pieces of work. */
function* rowsInOrder(rows: ReadonlyMap<Binary, RowChange>): Generator<Binary | undefined> {
  if (rows.size <= SORT_MAX) {
    yield* Array.from(rows.keys()).sort(compareBinary);
    return;
  }
  const pieces: Binary[][] = [];
  let piece: Binary[] = [];
  for (const row of rows.keys()) {
    piece.push(row);
    if (piece.length === SORT_MAX) {
      pieces.push(piece.sort(compareBinary));
      piece = [];
      yield undefined;
    }
  }
  pieces.push(piece.sort(compareBinary));
  yield* mergePieces(pieces);
}

/** A heap of the pieces' heads, as one array of positions; ties cannot occur, since rows are distinct. */
function* mergePieces(pieces: readonly (readonly Binary[])[]): Generator<Binary> {
  const heap = pieces.filter((piece) => piece.length > 0).map((piece) => ({ piece, at: 0, head: piece[0] ?? '' }));
  for (let i = (heap.length >> 1) - 1; i >= 0; i -= 1) {
    siftDown(heap, i);
  }
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    yield top.head;
    top.at += 1;
    const next = top.piece[top.at];
    if (next === undefined) {
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) {
        heap[0] = last;
      }
    } else {
      top.head = next;
    }
    siftDown(heap, 0);
  }
}

function siftDown(heap: { head: Binary }[], from: number): void {
  for (let i = from; ;) {
    const left = heap[2 * i + 1];
    const right = heap[2 * i + 2];
    const least = left === undefined || (right !== undefined && right.head < left.head) ? 2 * i + 2 : 2 * i + 1;
    const child = heap[least];
    const item = heap[i];
    if (child === undefined || item === undefined || item.head <= child.head) {
      return;
    }
    heap[i] = child;
    heap[least] = item;
    i = least;
  }
}

/** One row's entries in key order: first that it was emptied, then its map keys. */
export function appendEntries(entries: StateEntry[], row: Binary, change: RowChange): void {
  if (typeof change === 'string') {
    entries.push({ kind: 'put', key: row, value: change });
    return;
  }
  if (change === DELETED) {
    entries.push({ kind: 'delete', key: row });
    return;
  }
  if (change.cleared !== undefined) {
    entries.push({ kind: 'clear', key: row });
  }
  for (const mapKey of Array.from(change.entries.keys()).sort(compareBinary)) {
    const value = change.entries.get(mapKey);
    if (typeof value === 'string') {
      entries.push({ kind: 'put', key: row + mapKey, value });
    } else if (change.cleared === undefined) {
      entries.push({ kind: 'delete', key: row + mapKey });
    }
  }
}

/** The writes that bring a layer into the store, in batches of about `batchMax`. Any order of rows will do: they are distinct. */
export function* writesOf(content: LayerContent, batchMax: number): Generator<StoreWrite[]> {
  let batch: StoreWrite[] = [];
  let bytes = 0;
  for (const rows of content.values()) {
    for (const [row, change] of rows) {
      appendWrites(batch, row, change);
      bytes += valueBytes(change);
      if (batch.length >= batchMax || bytes >= BATCH_BYTES_MAX) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
  }
  if (batch.length > 0) {
    yield batch;
  }
}

function appendWrites(writes: StoreWrite[], row: Binary, change: RowChange): void {
  if (typeof change === 'string') {
    writes.push({ kind: 'put', key: row, value: change });
    return;
  }
  if (change === DELETED) {
    writes.push({ kind: 'delete', key: row });
    return;
  }
  if (change.cleared !== undefined) {
    appendClear(writes, row, change.cleared.known);
  }
  for (const [mapKey, value] of change.entries) {
    writes.push(
      typeof value === 'string' ? { kind: 'put', key: row + mapKey, value } : { kind: 'delete', key: row + mapKey },
    );
  }
}

function appendClear(writes: StoreWrite[], row: Binary, known: ReadonlySet<Binary> | undefined): void {
  if (known === undefined) {
    writes.push({ kind: 'delete-range', from: row, to: required(prefixEnd(row), 'the end of a row') });
    return;
  }
  for (const mapKey of known) {
    writes.push({ kind: 'delete', key: row + mapKey });
  }
}

function valueBytes(change: RowChange): number {
  if (typeof change === 'string') {
    return change.length;
  }
  let bytes = 0;
  if (change !== DELETED) {
    for (const value of change.entries.values()) {
      bytes += typeof value === 'string' ? value.length : 0;
    }
  }
  return bytes;
}

/** The same for entries that come from a spilled layer or a segment. */
export function writeOfEntry(entry: StateEntry): StoreWrite {
  return entry.kind === 'clear'
    ? { kind: 'delete-range', from: entry.key, to: required(prefixEnd(entry.key), 'the end of a row') }
    : entry;
}
