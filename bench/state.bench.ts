/**
 * What keyed state costs: read, change and write of one value for each record, the freeze at a barrier, writing segments,
 * applying a checkpoint, restoring.
 *
 *   node --max-old-space-size=2048 bench/state.bench.ts [records]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { SegmentCatalog } from '../shared/checkpoint/segment-catalog.ts';
import type { SegmentRef } from '../shared/checkpoint/segment-ref.ts';
import { mapState, valueState } from '../shared/functions/state.ts';
import type { CheckpointId } from '../shared/ids.ts';
import { parseCheckpointId, parseKeyGroup } from '../shared/ids.ts';
import { seededRandom } from '../shared/random/random.ts';
import { MemorySnapshotStore } from '../shared/snapshot-store/memory-snapshot-store.ts';
import type { KeyValueStore } from '../taskmanager/state/key-value-store.ts';
import { KeyedSnapshots } from '../taskmanager/state/keyed-snapshots.ts';
import { KeyedState } from '../taskmanager/state/keyed-state.ts';
import { KeyedStore } from '../taskmanager/state/keyed-store.ts';
import { MemoryKeyValueStore } from '../taskmanager/state/memory-key-value-store.ts';
import { restoreStore } from '../taskmanager/state/restore-store.ts';
import { RocksdbKeyValueStore } from '../taskmanager/state/rocksdb-key-value-store.ts';
import { StateDictionary } from '../taskmanager/state/state-dictionary.ts';

interface Patient {
  readonly location: string;
  readonly admittedMs: number;
  readonly visit: string;
  readonly seen: number;
}

const records = Number(process.argv[2] ?? 300_000);
const BATCH = 256;
const MB = 1024 * 1024;
const range = { first: parseKeyGroup(0), last: parseKeyGroup(1023) };
const identity = {
  job: 'bench',
  uid: 'state',
  lineage: 'l',
  firstKeyGroup: 0,
  lastKeyGroup: 1023,
  maxParallelism: 1024,
  hashId: 'h',
};
const call = { deadlineMs: 60_000, signal: new AbortController().signal };

const yieldTurn = async (): Promise<void> => {
  await new Promise<void>((resolve) => setImmediate(resolve));
};

class Bench {
  readonly keyed: KeyedStore;
  readonly state: KeyedState;
  readonly snapshots: KeyedSnapshots;
  readonly objects = new MemorySnapshotStore();
  #last = 0n;
  #keys = 0;

  private constructor(keyed: KeyedStore) {
    this.keyed = keyed;
    const clock = {
      eventMs: (): undefined => undefined,
      recordMs: (): undefined => undefined,
      processingMs: (): number => 0,
    };
    this.state = new KeyedState({
      store: keyed,
      dictionary: new StateDictionary([]),
      maxParallelism: 1024,
      range,
      clock,
    });
    const writing = {
      store: this.objects,
      call,
      nextKey: () => `s/${(this.#keys += 1)}`,
      objectBytes: 8 * MB,
      inlineBytesMax: 20_480,
    };
    const reading = { store: this.objects, call, fetchBytes: MB, yieldTurn };
    this.snapshots = new KeyedSnapshots({
      store: keyed,
      catalog: new SegmentCatalog(range, []),
      range,
      writing,
      reading,
    });
  }

  static async over(store: KeyValueStore, cacheBytes: number): Promise<Bench> {
    const limits = { dirtySoftBytes: 256 * MB, dirtyHardBytes: 512 * MB, cacheBytes };
    return new Bench(await KeyedStore.open({ store, identity, limits, yieldTurn }));
  }

  freeze(): CheckpointId {
    this.#last += 1n;
    const checkpoint = parseCheckpointId(this.#last);
    this.snapshots.freeze(checkpoint);
    return checkpoint;
  }

  async completeAll(): Promise<readonly SegmentRef[]> {
    const checkpoint = this.freeze();
    const refs = await this.snapshots.write(checkpoint);
    await this.snapshots.complete(checkpoint);
    return refs;
  }
}

/** One record after another in batches, as an operator does it. Gives processor and wall microseconds for each. */
async function run(
  bench: Bench,
  count: number,
  keyOf: (i: number) => string,
  use: (i: number) => void,
): Promise<{ cpu: number; wall: number }> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let at = 0; at < count; at += BATCH) {
    const parts = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) =>
      bench.state.context.partOf(keyOf(at + i)),
    );
    const pending = bench.state.prefetch(parts.map((key) => ({ key })));
    const lease = pending instanceof Promise ? await pending : pending;
    parts.forEach((part, i) => {
      bench.state.setKey(part);
      use(at + i);
    });
    lease.release();
  }
  const used = process.cpuUsage(cpu);
  return { cpu: (used.user + used.system) / count, wall: ((performance.now() - start) * 1_000) / count };
}

function report(what: string, figures: Record<string, number>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(2)}`);
  process.stdout.write(`${what.padEnd(46)} ${text.join('  ')}\n`);
}

async function measure(name: string, make: () => Promise<KeyValueStore>): Promise<void> {
  const random = seededRandom(7);
  const next = (i: number): Patient => ({
    location: `ICU^${i % 40}^1`,
    admittedMs: 1_700_000_000_000 + i,
    visit: `V${i}`,
    seen: i,
  });
  const store = await make();
  const bench = await Bench.over(store, 64 * MB);
  const patient = bench.state.value(valueState<Patient>({ name: 'patient' }));
  const use = (i: number): void => {
    const before = patient.value();
    patient.update({ ...next(i), seen: (before?.seen ?? 0) + 1 });
  };
  const hot = (): string => `HOSP^${100_000 + random.below(10_000)}`;
  await run(bench, records / 4, hot, use);
  report(`${name}: value, hot keys (10,000)`, await run(bench, records, hot, use));
  const spread = (i: number): string => `HOSP^${1_000_000 + i}`;
  report(`${name}: value, new keys`, await run(bench, records, spread, use));
  await bench.completeAll();
  const tight = await Bench.over(store, MB);
  const cold = tight.state.value(valueState<Patient>({ name: 'patient' }));
  const reread = (i: number): void => {
    cold.update({ ...next(i), seen: (cold.value()?.seen ?? 0) + 1 });
  };
  report(
    `${name}: value, cold keys (from the store)`,
    await run(tight, records / 2, () => spread(random.below(records)), reread),
  );
  const orders = bench.state.map(mapState<number>({ name: 'orders' }));
  const add = (i: number): void => {
    orders.set(`O${i % 4}`, i);
  };
  report(`${name}: map entry, hot keys (10,000)`, await run(bench, records, hot, add));
  await store.close();
}

async function measureSnapshot(
  make: () => Promise<KeyValueStore>,
  makeAnother: () => Promise<KeyValueStore>,
): Promise<void> {
  const store = await make();
  const bench = await Bench.over(store, 64 * MB);
  const blob = bench.state.value(valueState<{ text: string }>({ name: 'blob' }));
  const random = seededRandom(3);
  const word = (): string => random.below(0x7fffffff).toString(36);
  const fill = Array.from({ length: 2_000 }, () => Array.from({ length: 20 }, word).join('|'));
  let i = 0;
  while (bench.keyed.epochs.layers.bytes < 100 * MB) {
    i += BATCH;
    const from = i;
    await run(
      bench,
      BATCH,
      (k) => `P${from + k}`,
      (k) => {
        blob.update({ text: fill[(from + k) % fill.length] ?? '' });
      },
    );
  }
  const start = performance.now();
  const checkpoint = bench.freeze();
  const frozenMs = performance.now() - start;
  report('freeze with 100 MB dirty', { ms: frozenMs, rows: i });
  let refs: readonly SegmentRef[] = [];
  const written = await timed(async () => {
    refs = await bench.snapshots.write(checkpoint);
  });
  report('segments of it (memory store)', {
    ...written,
    'stored MB': refs.reduce((sum, ref) => sum + ref.length, 0) / MB,
  });
  report(
    'apply of it to RocksDB',
    await timed(async () => {
      await bench.snapshots.complete(checkpoint);
    }),
  );
  const restored = await makeAnother();
  const options = {
    identity,
    range,
    checkpoint,
    refs,
    snapshots: bench.objects,
    call,
    memoryBytes: 16 * MB,
    yieldTurn,
  };
  const restore = async (): Promise<void> => {
    await restoreStore({ ...options, store: restored }, { kind: 'restore', reason: 'benchmark' });
  };
  report('restore of it into RocksDB', await timed(restore));
  await store.close();
  await restored.close();
}

/** 100 MB of dirty state in so long; the longest time for which the event loop did not turn. */
async function timed(work: () => Promise<void>): Promise<Record<string, number>> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, 20));
  delay.reset();
  const cpu = process.cpuUsage();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1_000;
  const used = process.cpuUsage(cpu);
  await new Promise((resolve) => setTimeout(resolve, 5));
  delay.disable();
  return { 'dirty MB/s': 100 / seconds, 'cpu ms': (used.user + used.system) / 1e3, 'longest turn ms': delay.max / 1e6 };
}

const root = await mkdtemp(join(tmpdir(), 'nerve-state-bench-'));
let stores = 0;
const rocksdb = async (): Promise<KeyValueStore> =>
  await RocksdbKeyValueStore.open({ path: join(root, String((stores += 1))) });
try {
  await measure('rocksdb', rocksdb);
  await measure('heap', async () => await Promise.resolve(new MemoryKeyValueStore()));
  await measureSnapshot(rocksdb, rocksdb);
} finally {
  await rm(root, { recursive: true, force: true });
}
