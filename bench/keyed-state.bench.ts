/**
 * What a keyed operator costs, from the elements of its gate to its state: without state, with keys that are in memory, with keys
 * that are on disk; and a state larger than the memory that the process may use, with a checkpoint every two seconds.
 *
 *   node --max-old-space-size=512 bench/keyed-state.bench.ts [--records 1000000] [--large-mb 5120] [--folder DIR]
 *
 * `--large-mb 0` leaves the large state out. The folder holds local stores and snapshots and is emptied at the end.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { KeyedProcessFunction } from '../shared/functions/functions.ts';
import { valueState } from '../shared/functions/state.ts';
import type { ValueState } from '../shared/functions/state.ts';
import type { CheckpointId } from '../shared/ids.ts';
import { seededRandom } from '../shared/random/random.ts';
import { NodeSnapshotStore } from '../shared/snapshot-store/node-snapshot-store.ts';
import type { PutAnswer, SnapshotStore, StoreCall } from '../shared/snapshot-store/snapshot-store.ts';
import type { StateLimits } from '../taskmanager/operators/state-context.ts';
import { RocksdbKeyValueStore } from '../taskmanager/state/rocksdb-key-value-store.ts';
import { KeyedCluster } from '../taskmanager/tasks/keyed-task-testing.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    'large-mb': { type: 'string', default: '5120' },
    folder: { type: 'string' },
  },
});
const MB = 1024 * 1024;
/** Those of the configuration. */
const limits: StateLimits = { dirtySoftBytes: 32 * MB, dirtyHardBytes: 128 * MB, cacheBytes: 64 * MB };
const CHECKPOINT_MS = 2_000;
const BATCH = 1_024;
const VALUE_BYTES = 1_000;

interface Patient {
  readonly seen: number;
  readonly location: string;
  readonly visit: string;
  readonly admittedMs: number;
}

const PATIENT = valueState<Patient>({ name: 'patient' });
const BLOB = valueState<string>({ name: 'blob' });

function counting(): KeyedProcessFunction<number, number> {
  let patient: ValueState<Patient>;
  return {
    open: ({ state }) => {
      patient = state.value(PATIENT);
    },
    process: () => {
      const { seen, ...rest } = patient.value() ?? {
        seen: 0,
        location: 'W12^3^1',
        visit: 'V0012345',
        admittedMs: 1.7e12,
      };
      patient.update({ seen: seen + 1, ...rest });
    },
  };
}

/** A value of a kilobyte that packs badly, changed whole. */
function storing(): KeyedProcessFunction<number, number> {
  let blob: ValueState<string>;
  const random = seededRandom(1);
  const noise = Array.from({ length: 64 * 1024 }, () => String.fromCharCode(33 + random.below(94))).join('');
  return {
    open: ({ state }) => {
      blob = state.value(BLOB);
    },
    process: (value) => {
      blob.value();
      const at = (Math.imul(value, 2_654_435_761) >>> 0) % (noise.length - VALUE_BYTES);
      blob.update(noise.slice(at, at + VALUE_BYTES));
    },
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const stateless = (): KeyedProcessFunction<number, number> => ({
  process: (value, context) => {
    if (value < 0) {
      context.emit(value);
    }
  },
});

/** Counts what is written to the store below. */
class CountingStore implements SnapshotStore {
  bytes = 0;
  objects = 0;
  readonly #store: SnapshotStore;

  constructor(store: SnapshotStore) {
    this.#store = store;
  }

  async put(key: string, bytes: Uint8Array, call: StoreCall): Promise<PutAnswer> {
    this.bytes += bytes.length;
    this.objects += 1;
    return await this.#store.put(key, bytes, call);
  }

  readonly get: SnapshotStore['get'] = async (key, call) => await this.#store.get(key, call);
  readonly getRange: SnapshotStore['getRange'] = async (key, range, call) =>
    await this.#store.getRange(key, range, call);
  readonly list: SnapshotStore['list'] = (prefix, call) => this.#store.list(prefix, call);
  readonly delete: SnapshotStore['delete'] = async (key, call) => await this.#store.delete(key, call);
  readonly close: SnapshotStore['close'] = async () => {
    await this.#store.close();
  };
}

class Run {
  readonly cluster: KeyedCluster<number, number>;
  rssBytesMax = 0;
  checkpointMsMax = 0;
  checkpoints = 0;
  #underWay: Promise<void> | undefined;
  #dueMs = performance.now() + CHECKPOINT_MS;

  constructor(process: () => KeyedProcessFunction<number, number>, folder: string, snapshots: SnapshotStore) {
    let opening = 0;
    this.cluster = new KeyedCluster({
      process,
      limits,
      snapshots,
      openStore: async () => await RocksdbKeyValueStore.open({ path: join(folder, `store-${(opening += 1)}`) }),
    });
  }

  /** Sends records one after the other; gives processor and wall microseconds for each. */
  async send(count: number, keyOf: (i: number) => number): Promise<{ readonly cpu: number; readonly wall: number }> {
    const cpu = process.cpuUsage();
    const began = performance.now();
    for (let sent = 0; sent < count; sent += BATCH) {
      for (let i = sent; i < Math.min(count, sent + BATCH); i += 1) {
        this.cluster.send(`HOSP1|MRN${keyOf(i)}`, i);
      }
      await this.#drain();
      this.#checkpointIfDue();
      this.rssBytesMax = Math.max(this.rssBytesMax, process.memoryUsage.rss());
    }
    const used = process.cpuUsage(cpu);
    return { cpu: (used.user + used.system) / count, wall: ((performance.now() - began) * 1_000) / count };
  }

  async checkpoint(): Promise<void> {
    await this.#underWay;
    const id = this.cluster.barrier();
    await this.#drain();
    await this.#finish(id);
  }

  async #drain(): Promise<void> {
    const task = this.cluster.tasks[0];
    while (task !== undefined && (task.run() || task.isWaiting || task.gate.hasInput)) {
      await nextTurn();
    }
    if (this.cluster.failures[0] !== undefined) {
      throw new Error(this.cluster.failures[0].message);
    }
  }

  #checkpointIfDue(): void {
    if (this.#underWay === undefined && performance.now() >= this.#dueMs) {
      const id = this.cluster.barrier();
      this.#underWay = this.#drain()
        .then(async () => {
          await this.#finish(id);
        })
        .finally(() => {
          this.#underWay = undefined;
          this.#dueMs = performance.now() + CHECKPOINT_MS;
        });
    }
  }

  async #finish(id: CheckpointId): Promise<void> {
    const began = performance.now();
    const acknowledged = await this.cluster.acknowledge(id);
    if (acknowledged === undefined) {
      throw new Error('a checkpoint failed');
    }
    this.cluster.complete(acknowledged);
    this.checkpoints += 1;
    this.checkpointMsMax = Math.max(this.checkpointMsMax, performance.now() - began);
  }
}

async function costs(folder: string): Promise<void> {
  const records = Number(values.records);
  const random = seededRandom(3);
  const shapes = [
    { name: 'without state', process: stateless, keys: 1_000, cold: false },
    { name: 'a value, 1,000 keys', process: counting, keys: 1_000, cold: false },
    { name: 'a value, 100,000 keys', process: counting, keys: 100_000, cold: false },
    { name: 'a value, 1,000,000 keys on disk', process: counting, keys: 1_000_000, cold: true },
  ];
  for (const { name, process: make, keys, cold } of shapes) {
    const own = join(folder, name.replaceAll(/\W+/g, '-'));
    const run = new Run(make, own, await NodeSnapshotStore.open(join(own, 'snapshots')));
    await run.cluster.start(1);
    await run.send(cold ? keys : records / 5, (i) => i % keys);
    await run.checkpoint();
    const { cpu, wall } = await run.send(cold ? records / 5 : records, () => random.below(keys));
    await run.cluster.crash();
    say(`${name}: ${cpu.toFixed(2)} µs CPU, ${wall.toFixed(2)} µs per record`);
  }
}

async function large(folder: string): Promise<void> {
  const snapshots = new CountingStore(await NodeSnapshotStore.open(join(folder, 'snapshots')));
  const keys = Math.floor((Number(values['large-mb']) * MB) / VALUE_BYTES);
  const changed = Math.floor(keys / 10);
  const random = seededRandom(5);
  const run = new Run(storing, folder, snapshots);
  await run.cluster.start(1);
  const fill = await run.send(keys, (i) => i);
  await run.checkpoint();
  say(`${values['large-mb']} MB written: ${fill.wall.toFixed(1)} µs per record, ${run.checkpoints} checkpoints`);
  const before = snapshots.bytes;
  const update = await run.send(changed, () => random.below(keys));
  await run.checkpoint();
  const ratio = (snapshots.bytes - before) / (changed * VALUE_BYTES);
  say(`a tenth changed: ${update.cpu.toFixed(1)} µs CPU, ${update.wall.toFixed(1)} µs per record`);
  say(`bytes stored, merges and bases included: ${ratio.toFixed(2)} of what changed`);
  say(
    `slowest checkpoint ${Math.round(run.checkpointMsMax)} ms; memory at most ${Math.round(run.rssBytesMax / MB)} MB`,
  );
  await run.cluster.crash();
  const began = performance.now();
  await run.cluster.start(1);
  say(`restored from the snapshot store in ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  await run.send(10_000, () => random.below(keys));
  await run.cluster.crash();
}

const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'nerve-keyed-state-')));
try {
  await costs(folder);
  if (Number(values['large-mb']) > 0) {
    await large(join(folder, 'large'));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
