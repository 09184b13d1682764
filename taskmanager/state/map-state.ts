import type { Binary } from '../../shared/checkpoint/binary.ts';
import { binaryOfText, textOfBinary } from '../../shared/checkpoint/binary.ts';
import type { ListState, MapState } from '../../shared/functions/state.ts';
import { required } from '../../shared/invariant.ts';
import type { StateAccess } from './value-state.ts';
import { withUsedAt } from './value-codec.ts';

/** Before every map key: the empty one is the row's marker. */
const KEY_PREFIX = '\x01';

/** Made in one piece: text that is joined is copied together when it is hashed, and keeps its parts. */
const scratch = Buffer.allocUnsafeSlow(1024);
const UTF8_PER_UNIT = 3;

export function mapKeyOf(key: string): Binary {
  if (KEY_PREFIX.length + key.length * UTF8_PER_UNIT > scratch.length) {
    return KEY_PREFIX + binaryOfText(key);
  }
  scratch[0] = KEY_PREFIX.charCodeAt(0);
  return scratch.latin1Slice(0, 1 + scratch.write(key, 1, 'utf8'));
}

export function keyOfMapKey(mapKey: Binary): string {
  return textOfBinary(mapKey.slice(KEY_PREFIX.length));
}

export class KeyedMapState<T> implements MapState<T> {
  readonly #access: StateAccess<T>;
  /** The key that was used last: what is written was read right before. */
  #lastKey = '';
  #lastMapKey = mapKeyOf('');

  constructor(access: StateAccess<T>) {
    this.#access = access;
  }

  get(key: string): T | undefined {
    const { rows, epochs, codec } = this.#access;
    const mapKey = this.#mapKeyOf(key);
    const binary = epochs.readMap(rows.row).get(mapKey);
    return binary === undefined || !this.#isAlive(mapKey, binary) ? undefined : codec.decode(binary);
  }

  has(key: string): boolean {
    const { rows, epochs } = this.#access;
    const mapKey = this.#mapKeyOf(key);
    const binary = epochs.readMap(rows.row).get(mapKey);
    return binary !== undefined && this.#isAlive(mapKey, binary);
  }

  set(key: string, value: T): void {
    const { rows, epochs, codec, ttl } = this.#access;
    epochs.writeEntry(rows.section, rows.row, this.#mapKeyOf(key), codec.encode(value, ttl?.nowMs()));
  }

  delete(key: string): void {
    const { rows, epochs } = this.#access;
    epochs.writeEntry(rows.section, rows.row, this.#mapKeyOf(key), undefined);
  }

  /** A copy: the caller may change the map while it goes over it. */
  keys(): Iterable<string> {
    const keys: string[] = [];
    this.#visitAlive((mapKey) => keys.push(keyOfMapKey(mapKey)));
    return keys;
  }

  /** A copy, as `keys`. */
  entries(): Iterable<readonly [string, T]> {
    const { codec } = this.#access;
    const entries: (readonly [string, T])[] = [];
    this.#visitAlive((mapKey, binary) => entries.push([keyOfMapKey(mapKey), codec.decode(binary)]));
    return entries;
  }

  get isEmpty(): boolean {
    return this.size === 0;
  }

  get size(): number {
    let count = 0;
    this.#visitAlive(() => (count += 1));
    return count;
  }

  clear(): void {
    const { rows, epochs } = this.#access;
    epochs.clearMap(rows.section, rows.row);
  }

  #mapKeyOf(key: string): Binary {
    if (key !== this.#lastKey) {
      this.#lastMapKey = mapKeyOf(key);
      this.#lastKey = key;
    }
    return this.#lastMapKey;
  }

  /** Expired entries are deleted on the way: a Map may lose the entry that is being visited. */
  #visitAlive(visit: (mapKey: Binary, binary: Binary) => void): void {
    const { rows, epochs, ttl } = this.#access;
    const clockMs = ttl?.clockMs();
    epochs.readMap(rows.row).forEach((binary, mapKey) => {
      if (this.#isAlive(mapKey, binary, clockMs)) {
        visit(mapKey, binary);
      }
    });
  }

  #isAlive(mapKey: Binary, binary: Binary, clockMs?: number): boolean {
    const { rows, epochs, ttl } = this.#access;
    if (ttl === undefined) {
      return true;
    }
    if (ttl.isExpired(binary, clockMs)) {
      epochs.writeEntry(rows.section, rows.row, mapKey, undefined);
      return false;
    }
    const now = ttl.refreshesOnRead ? ttl.nowMs() : undefined;
    if (now !== undefined) {
      epochs.writeEntry(rows.section, rows.row, mapKey, withUsedAt(binary, now));
    }
    return true;
  }
}

/** Elements are entries of a map under their number, so that adding one writes one. */
export class KeyedListState<T> implements ListState<T> {
  readonly #access: StateAccess<T>;

  constructor(access: StateAccess<T>) {
    this.#access = access;
  }

  get(): readonly T[] {
    const { rows, epochs, codec, ttl } = this.#access;
    const entries = epochs.readMap(rows.row);
    const values: T[] = [];
    for (const mapKey of Array.from(entries.keys()).sort()) {
      const binary = required(entries.get(mapKey), 'an element of a list');
      if (ttl?.isExpired(binary) !== true) {
        values.push(codec.decode(binary));
      }
    }
    return values;
  }

  add(value: T): void {
    this.addAll([value]);
  }

  addAll(values: Iterable<T>): void {
    const { rows, epochs, codec, ttl } = this.#access;
    let number = this.#nextNumber();
    for (const value of values) {
      epochs.writeEntry(rows.section, rows.row, elementKey(number), codec.encode(value, ttl?.nowMs()));
      number += 1;
    }
  }

  update(values: Iterable<T>): void {
    const replacement = Array.from(values);
    this.clear();
    this.addAll(replacement);
  }

  clear(): void {
    const { rows, epochs } = this.#access;
    epochs.clearMap(rows.section, rows.row);
  }

  /** Without a time to live elements leave all at once, so their numbers have no gaps. */
  #nextNumber(): number {
    const { rows, epochs, ttl } = this.#access;
    const entries = epochs.readMap(rows.row);
    if (ttl === undefined) {
      return entries.size;
    }
    let last = '';
    for (const mapKey of entries.keys()) {
      last = mapKey > last ? mapKey : last;
    }
    return last === '' ? 0 : elementNumber(last) + 1;
  }
}

function elementKey(number: number): Binary {
  const high = Math.floor(number / 0x1000000);
  const low = number % 0x1000000;
  return (
    KEY_PREFIX +
    String.fromCharCode(high >>> 16, (high >>> 8) & 0xff, high & 0xff, low >>> 16, (low >>> 8) & 0xff, low & 0xff)
  );
}

function elementNumber(mapKey: Binary): number {
  let number = 0;
  for (let i = 1; i <= 6; i += 1) {
    number = number * 256 + mapKey.charCodeAt(i);
  }
  return number;
}
