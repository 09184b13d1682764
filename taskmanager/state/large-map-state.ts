import type { LargeMapState } from '../../shared/functions/state.ts';
import type { KeyedStore } from './keyed-store.ts';
import { keyOfMapKey, mapKeyOf } from './map-state.ts';
import type { StateAccess } from './value-state.ts';

/** Rows are taken at the call: the current key may be another by the time an answer comes. */
export class KeyedLargeMapState<T> implements LargeMapState<T> {
  readonly #access: StateAccess<T>;
  readonly #store: KeyedStore;

  constructor(access: StateAccess<T>, store: KeyedStore) {
    this.#access = access;
    this.#store = store;
  }

  async get(key: string): Promise<T | undefined> {
    const { rows, codec, ttl } = this.#access;
    const binary = await this.#store.getEntry({ section: rows.section, row: rows.row, mapKey: mapKeyOf(key) });
    return binary === undefined || ttl?.isExpired(binary) === true ? undefined : codec.decode(binary);
  }

  set(key: string, value: T): void {
    const { rows, epochs, codec, ttl } = this.#access;
    epochs.writeLargeEntry(rows.section, rows.row, mapKeyOf(key), codec.encode(value, ttl?.nowMs()));
  }

  delete(key: string): void {
    const { rows, epochs } = this.#access;
    epochs.writeLargeEntry(rows.section, rows.row, mapKeyOf(key), undefined);
  }

  entries(): AsyncIterable<readonly [string, T]> {
    const { rows } = this.#access;
    return this.#decoded(rows.row, this.#store.scanRow(rows.section, rows.row));
  }

  clear(): void {
    const { rows, epochs } = this.#access;
    epochs.clearLarge(rows.section, rows.row);
  }

  async *#decoded(row: string, batches: ReturnType<KeyedStore['scanRow']>): AsyncGenerator<readonly [string, T]> {
    const { codec, ttl } = this.#access;
    for await (const batch of batches) {
      for (const entry of batch) {
        if (entry.kind === 'put' && ttl?.isExpired(entry.value) !== true) {
          yield [keyOfMapKey(entry.key.slice(row.length)), codec.decode(entry.value)];
        }
      }
    }
  }
}
