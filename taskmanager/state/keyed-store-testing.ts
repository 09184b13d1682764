import { expect } from 'vitest';
import { sectionOf, sectionPrefix } from '../../shared/checkpoint/state-key-parts.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import { parseCheckpointId } from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { RowRequest } from './fetch-plan.ts';
import type { KeyValueStore } from './key-value-store.ts';
import { KeyedStore } from './keyed-store.ts';
import type { KeyedStoreLimits } from './keyed-store.ts';
import type { Lease } from './lease.ts';
import { STATE_KEYS_END, rowKey } from './state-key.ts';
import type { StoreIdentity } from './store-stamp-wire.ts';

export const identity: StoreIdentity = {
  job: 'job',
  uid: 'uid',
  lineage: 'run-1',
  firstKeyGroup: 0,
  lastKeyGroup: 3,
  maxParallelism: 4,
  hashId: 'hash/1',
};

/** So small that rows are evicted and layers spilled all the time. */
export const tinyLimits: KeyedStoreLimits = { dirtySoftBytes: 300, dirtyHardBytes: 600, cacheBytes: 900 };

export const VALUE = 0;
export const MAP = 1;
export const LARGE = 2;

export function rowOf(state: number, keyGroup: number, key: Binary): RowRequest {
  const section = sectionOf(keyGroup, state);
  return { kind: state === VALUE ? 'value' : 'map', section, row: rowKey(sectionPrefix(section), key, '') };
}

/** The plain model: values by row, maps by row. */
export interface Model {
  readonly values: Map<Binary, Binary>;
  readonly maps: Map<Binary, Map<Binary, Binary>>;
}

export function emptyModel(): Model {
  return { values: new Map(), maps: new Map() };
}

export function copyModel({ values, maps }: Model): Model {
  return { values: new Map(values), maps: new Map(Array.from(maps, ([row, entries]) => [row, new Map(entries)])) };
}

/** Everything a model holds as the store would hold it: markers of maps that are not empty included, large maps without. */
export function keysOfModel({ values, maps }: Model): [Binary, Binary][] {
  const keys: [Binary, Binary][] = [...values];
  for (const [row, entries] of maps) {
    const isLarge = row.charCodeAt(3) === LARGE;
    if (entries.size > 0 && !isLarge) {
      keys.push([row, '']);
    }
    for (const [mapKey, value] of entries) {
      keys.push([row + mapKey, value]);
    }
  }
  return keys.sort(([a], [b]) => (a < b ? -1 : 1));
}

export async function keysOfStore(store: KeyValueStore): Promise<[Binary, Binary][]> {
  const keys: [Binary, Binary][] = [];
  for await (const batch of store.scan({ from: '', to: STATE_KEYS_END }, 100)) {
    keys.push(...batch.map(({ key, value }): [Binary, Binary] => [key, value]));
  }
  return keys;
}

/** A keyed store beside its model: every operation goes to both. */
export class StoreUnderTest {
  readonly keyed: KeyedStore;
  model: Model = emptyModel();
  readonly checkpoints = new Map<CheckpointId, Model>();
  #last = 0n;
  readonly #background: Promise<void>[] = [];

  private constructor(keyed: KeyedStore) {
    this.keyed = keyed;
  }

  static async over(store: KeyValueStore, limits = tinyLimits): Promise<StoreUnderTest> {
    const yieldTurn = async (): Promise<void> => await Promise.resolve();
    return new StoreUnderTest(await KeyedStore.open({ store, identity, limits, yieldTurn, batchMax: 3 }));
  }

  writeValue({ section, row }: RowRequest, value: Binary | undefined): void {
    this.keyed.epochs.writeValue(section, row, value);
    if (value === undefined) {
      this.model.values.delete(row);
    } else {
      this.model.values.set(row, value);
    }
  }

  /** The row must be leased. */
  writeEntry({ section, row }: RowRequest, mapKey: Binary, value: Binary | undefined): void {
    this.keyed.epochs.writeEntry(section, row, mapKey, value);
    this.#modelEntry(row, mapKey, value);
  }

  clearMap({ section, row }: RowRequest): void {
    this.keyed.epochs.clearMap(section, row);
    this.model.maps.delete(row);
  }

  writeLarge({ section, row }: RowRequest, mapKey: Binary, value: Binary | undefined): void {
    this.keyed.epochs.writeLargeEntry(section, row, mapKey, value);
    this.#modelEntry(row, mapKey, value);
  }

  clearLarge({ section, row }: RowRequest): void {
    this.keyed.epochs.clearLarge(section, row);
    this.model.maps.delete(row);
  }

  freeze(): CheckpointId {
    this.#last += 1n;
    const checkpoint = parseCheckpointId(this.#last);
    this.checkpoints.set(checkpoint, copyModel(this.model));
    this.keyed.freeze(checkpoint);
    return checkpoint;
  }

  /** Goes on beside what follows. */
  inBackground(work: Promise<unknown>): void {
    this.#background.push(
      work.then(
        () => undefined,
        (error: unknown) => {
          throw error;
        },
      ),
    );
  }

  async settle(): Promise<void> {
    await Promise.all(this.#background.splice(0));
  }

  async rollback(checkpoint: CheckpointId): Promise<void> {
    this.model = copyModel(required(this.checkpoints.get(checkpoint), 'a checkpoint'));
    expect(await this.keyed.rollback(checkpoint)).toBe(true);
  }

  /** Reads what is leased and compares it with the model. */
  expectResident(requests: readonly RowRequest[]): void {
    for (const { kind, row } of requests) {
      if (kind === 'value') {
        expect(this.keyed.epochs.readValue(row)).toBe(this.model.values.get(row));
      } else {
        expect(sortedMap(this.keyed.epochs.readMap(row))).toStrictEqual(sortedMap(this.model.maps.get(row)));
      }
    }
  }

  async expectRead(requests: readonly RowRequest[]): Promise<void> {
    const lease = await this.lease(requests);
    this.expectResident(requests);
    lease.release();
  }

  async lease(requests: readonly RowRequest[]): Promise<Lease> {
    const lease = await this.keyed.prefetch(requests);
    expect(lease.isVoid).toBe(false);
    return lease;
  }

  async expectLarge({ section, row }: RowRequest, mapKeys: readonly Binary[]): Promise<void> {
    const expected = this.model.maps.get(row);
    for (const mapKey of mapKeys) {
      const value = expected?.get(mapKey);
      expect(await this.keyed.getEntry({ section, row, mapKey })).toBe(value);
    }
  }

  async scanLarge({ section, row }: RowRequest): Promise<[Binary, Binary][]> {
    const found: [Binary, Binary][] = [];
    for await (const batch of this.keyed.scanRow(section, row)) {
      for (const entry of batch) {
        expect(entry.kind).toBe('put');
        found.push([entry.key.slice(row.length), entry.kind === 'put' ? entry.value : '']);
      }
    }
    return found;
  }

  #modelEntry(row: Binary, mapKey: Binary, value: Binary | undefined): void {
    const entries = this.model.maps.get(row) ?? new Map<Binary, Binary>();
    this.model.maps.set(row, entries);
    if (value === undefined) {
      entries.delete(mapKey);
    } else {
      entries.set(mapKey, value);
    }
  }
}

export function sortedMap(entries: ReadonlyMap<Binary, Binary> | undefined): [Binary, Binary][] {
  return [...(entries ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
}
