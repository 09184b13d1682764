import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckpointId } from '../../shared/ids.ts';
import type { RowRequest } from './fetch-plan.ts';
import type { KeyValueStore } from './key-value-store.ts';
import {
  LARGE,
  MAP,
  copyModel,
  StoreUnderTest,
  VALUE,
  keysOfModel,
  keysOfStore,
  rowOf,
  sortedMap,
} from './keyed-store-testing.ts';
import type { Lease } from './lease.ts';
import { MemoryKeyValueStore } from './memory-key-value-store.ts';
import { RocksdbKeyValueStore } from './rocksdb-key-value-store.ts';
import { OVERLAY_END, OVERLAY_PREFIX } from './state-key.ts';
import { STAMP_KEY, parseStamp } from './store-stamp-wire.ts';

type Op =
  | { kind: 'write'; key: string; value: string | null }
  | { kind: 'put' | 'large'; key: string; mapKey: string; value: string | null }
  | { kind: 'clear' | 'clear-large'; key: string }
  | { kind: 'read'; keys: string[] }
  | { kind: 'fetch-slowly'; keys: string[]; moment: 'before' | 'after' }
  | { kind: 'scan-large'; key: string }
  | { kind: 'end-fetch' | 'release' | 'freeze' | 'relieve' | 'abort' | 'settle' }
  | { kind: 'complete' | 'rollback'; pick: number };

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const mapKey = fc.constantFrom('1', '2', '3');
const value = fc.option(
  fc.string({ unit: fc.constantFrom('p', 'd', 'c', 'b', 'overlay'), minLength: 0, maxLength: 20 }),
);
const keys = fc.uniqueArray(key, { minLength: 1, maxLength: 4 });
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), key, value }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('put' as const, 'large' as const), key, mapKey, value }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('clear' as const, 'clear-large' as const), key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('read' as const), keys }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fetch-slowly' as const),
      keys,
      moment: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('scan-large' as const), key }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom<'end-fetch' | 'release' | 'freeze' | 'relieve' | 'abort' | 'settle'>(
        'end-fetch',
        'release',
        'freeze',
        'freeze',
        'relieve',
        'abort',
        'settle',
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('complete' as const, 'rollback' as const), pick: fc.nat() }),
  },
);

/** Fetches that are held back: before they look at the store, or with an answer that grows old. */
class SlowReads {
  readonly #open: (() => void)[] = [];
  #armed: 'before' | 'after' | undefined;
  #holdNextAnswer = false;

  readonly pauseRead = async (moment: 'before' | 'after'): Promise<void> => {
    const isHeld = moment === 'before' ? this.#armed === 'before' : this.#holdNextAnswer;
    this.#holdNextAnswer = moment === 'before' && this.#armed === 'after';
    if (isHeld) {
      await new Promise<void>((resolve) => this.#open.push(resolve));
    }
  };

  holdDuring<T>(moment: 'before' | 'after', work: () => T): T {
    this.#armed = moment;
    const result = work();
    this.#armed = undefined;
    return result;
  }

  openAll(): void {
    this.#open.splice(0).forEach((resolve) => resolve());
  }
}

class Runner {
  readonly store: StoreUnderTest;
  readonly reads: SlowReads;
  readonly #leases: { lease: Lease; requests: RowRequest[] }[] = [];
  readonly #fetches: { promise: Promise<Lease>; requests: RowRequest[] }[] = [];
  #open: CheckpointId[] = [];
  #completed: CheckpointId | undefined;

  constructor(store: StoreUnderTest, reads: SlowReads) {
    this.store = store;
    this.reads = reads;
  }

  async run(op: Op): Promise<void> {
    switch (op.kind) {
      case 'write':
        this.store.writeValue(valueRow(op.key), op.value ?? undefined);
        return;
      case 'put': {
        const lease = await this.store.lease([mapRow(op.key)]);
        this.store.writeEntry(mapRow(op.key), op.mapKey, op.value ?? undefined);
        lease.release();
        return;
      }
      case 'clear': {
        const lease = await this.store.lease([mapRow(op.key)]);
        this.store.clearMap(mapRow(op.key));
        lease.release();
        return;
      }
      case 'large':
        this.store.writeLarge(largeRow(op.key), op.mapKey, op.value ?? undefined);
        return;
      case 'clear-large':
        this.store.clearLarge(largeRow(op.key));
        return;
      case 'read': {
        await this.store.expectRead(requestsOf(op.keys));
        for (const k of op.keys) {
          await this.store.expectLarge(largeRow(k), ['1', '2', '3', '4']);
        }
        return;
      }
      case 'scan-large': {
        const expected = sortedMap(this.store.model.maps.get(largeRow(op.key).row));
        expect(await this.store.scanLarge(largeRow(op.key))).toStrictEqual(expected);
        return;
      }
      case 'fetch-slowly':
        this.#fetchSlowly(requestsOf(op.keys), op.moment);
        return;
      case 'end-fetch':
        await this.endFetches();
        return;
      case 'release':
        this.#leases.shift()?.lease.release();
        return;
      case 'freeze':
        this.#open.push(this.store.freeze());
        return;
      case 'relieve':
        this.store.inBackground(this.store.keyed.relieve());
        return;
      case 'abort':
        // The coordinator gave a checkpoint up: it never completes by itself, its layers go with a later one.
        this.#open.splice(0, 1);
        return;
      case 'settle':
        await this.store.settle();
        return;
      case 'complete':
        this.#complete(op.pick);
        return;
      case 'rollback':
        await this.#rollback();
    }
  }

  async endFetches(): Promise<void> {
    this.reads.openAll();
    await Promise.resolve();
    for (const { promise, requests } of this.#fetches.splice(0)) {
      this.reads.openAll();
      const lease = await promise;
      if (!lease.isVoid) {
        this.store.expectResident(requests);
        this.#leases.push({ lease, requests });
      }
    }
    // Leased rows stay readable and are never old.
    this.#leases.forEach(({ requests }) => this.store.expectResident(requests));
  }

  async finish(): Promise<void> {
    await this.endFetches();
    this.#leases.splice(0).forEach(({ lease }) => lease.release());
    await this.store.settle();
    await this.store.keyed.complete(this.store.freeze());
  }

  #fetchSlowly(requests: RowRequest[], moment: 'before' | 'after'): void {
    const promise = this.reads.holdDuring(moment, async () => await this.store.keyed.prefetch(requests));
    this.#fetches.push({ promise, requests });
  }

  #complete(pick: number): void {
    const chosen = this.#open[pick % Math.max(1, this.#open.length)];
    if (chosen !== undefined) {
      this.#completed = chosen;
      this.#open = this.#open.filter((checkpoint) => checkpoint > chosen);
      this.store.inBackground(this.store.keyed.complete(chosen));
    }
  }

  /** To the last completed checkpoint, as a restart does; what its tasks held is gone. */
  async #rollback(): Promise<void> {
    if (this.#completed === undefined) {
      return;
    }
    this.#open = [];
    this.#leases.splice(0);
    await this.store.rollback(this.#completed);
    this.reads.openAll();
  }
}

describe('a crash of the process', () => {
  test('leaves the store at a checkpoint, or between two, and its stamp tells which (S1, S2)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOp, { maxLength: 60 }), fc.nat({ max: 12 }), async (ops, survived) => {
        let left = Infinity;
        const store = new MemoryKeyValueStore({ crashBefore: () => (left -= 1) < 0 });
        const runner = new Runner(await StoreUnderTest.over(store), new SlowReads());
        for (const op of ops) {
          await runner.run(op);
        }
        await runner.finish();
        const before = copyModel(runner.store.model);
        ['a', 'b', 'c', 'd', 'e', 'f'].forEach((k, i) =>
          runner.store.writeValue(valueRow(k), i % 2 === 0 ? k : undefined),
        );
        const last = runner.store.freeze();
        left = survived;
        await runner.store.keyed.complete(last).catch(() => undefined);

        const stamp = parseStamp((await store.getMany([STAMP_KEY]))[0]);

        if (stamp?.checkpoint === last) {
          expect(await keysOfStore(store)).toStrictEqual(keysOfModel(runner.store.model));
        } else if (stamp?.applying === undefined) {
          expect(await keysOfStore(store)).toStrictEqual(keysOfModel(before));
        } else {
          expect(stamp.applying).toBe(last);
        }
      }),
      { numRuns: 200 },
    );
  });
});

function valueRow(k: string): RowRequest {
  return rowOf(VALUE, k.charCodeAt(0) % 4, k);
}
function mapRow(k: string): RowRequest {
  return rowOf(MAP, k.charCodeAt(0) % 4, k);
}
function largeRow(k: string): RowRequest {
  return rowOf(LARGE, k.charCodeAt(0) % 4, k);
}
function requestsOf(ks: readonly string[]): RowRequest[] {
  return ks.flatMap((k) => [valueRow(k), mapRow(k)]);
}

async function check(store: KeyValueStore, reads: SlowReads, ops: readonly Op[]): Promise<void> {
  const runner = new Runner(await StoreUnderTest.over(store), reads);
  for (const op of ops) {
    await runner.run(op);
  }
  await runner.finish();

  expect(await keysOfStore(store)).toStrictEqual(keysOfModel(runner.store.model));
  const left: unknown[] = [];
  for await (const batch of store.scan({ from: OVERLAY_PREFIX, to: OVERLAY_END }, 100)) {
    left.push(...batch);
  }
  expect(left).toStrictEqual([]);
}

describe('the epoch store agrees with a plain map under any interleaving (E1–E4)', () => {
  test('over memory, with answers that are held back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOp, { minLength: 5, maxLength: 120 }), async (ops) => {
        const reads = new SlowReads();
        await check(new MemoryKeyValueStore({ pauseRead: reads.pauseRead }), reads, ops);
      }),
      { numRuns: 3_000 },
    );
  }, 120_000);

  test('over RocksDB', async () => {
    const path = await mkdtemp(join(tmpdir(), 'nerve-keyed-'));
    const store = await RocksdbKeyValueStore.open({ path });
    afterAll(async () => {
      await store.close();
      await rm(path, { recursive: true, force: true });
    });
    await fc.assert(
      fc.asyncProperty(fc.array(anyOp, { minLength: 5, maxLength: 80 }), async (ops) => {
        await store.apply([{ kind: 'delete-range', from: '', to: '\xff\xff' }]);
        await check(store, new SlowReads(), ops);
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
