import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeyedSnapshots } from '../../taskmanager/state/keyed-snapshots.ts';
import { KeyedState } from '../../taskmanager/state/keyed-state.ts';
import { KeyedStore } from '../../taskmanager/state/keyed-store.ts';
import { MemoryKeyValueStore } from '../../taskmanager/state/memory-key-value-store.ts';
import { StateDictionary } from '../../taskmanager/state/state-dictionary.ts';
import { largeMapState, listState, mapState, valueState } from '../functions/state.ts';
import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseKeyGroup,
  parseLeaderEpoch,
  parseOperatorUid,
} from '../ids.ts';
import { KEY_HASH_ID } from '../keygroups/key-hash.ts';
import { MemorySnapshotStore } from '../snapshot-store/memory-snapshot-store.ts';
import { bytesSerializer } from '../serialization/serializer.ts';
import { binaryOfText } from './binary.ts';
import type { CheckpointMetadata } from './checkpoint-metadata.ts';
import { findState } from './find-state.ts';
import type { FoundState } from './find-state.ts';
import { SegmentCatalog } from './segment-catalog.ts';
import type { SegmentRef } from './segment-ref.ts';
import type { StoredValue } from './decode-value.ts';

const M = 64;
const RANGE = { first: parseKeyGroup(0), last: parseKeyGroup(M - 1) };
const call = { deadlineMs: 1_000, signal: new AbortController().signal };
const KEYS = ['', 'p1', 'p2', 'Müller^^^1', 'x'.repeat(200)];

describe('the state of a key', () => {
  test('is found in a checkpoint as the job wrote it, across deltas, merges and bases', async () => {
    const op = fc.tuple(fc.nat({ max: KEYS.length - 1 }), fc.nat({ max: 9 }), fc.nat({ max: 4 }));
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 80 }), async (ops) => {
        const job = await JobState.open();
        for (const [key, kind, what] of ops) {
          await job.change(KEYS[key] ?? '', kind, what);
        }
        await job.checkpoint();

        for (const key of KEYS) {
          for (const state of ['value', 'list', 'map', 'large']) {
            expect(plain(await job.find(state, key))).toStrictEqual(job.expected(state, key));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  test('is read by range: of a large checkpoint only the blocks of its key group', async () => {
    const job = await JobState.open();
    for (let i = 0; i < 3_000; i += 1) {
      await job.change(`patient ${i}`, 0, i % 5);
    }
    await job.checkpoint();
    const before = job.objects.bytesRead;

    expect(plain(await job.find('value', 'patient 17'))).toStrictEqual(job.expected('value', 'patient 17'));
    expect(job.objects.bytesRead - before).toBeLessThan(job.bytes / 3);
  });

  test('is told apart by namespace, and says when it was last used', async () => {
    const job = await JobState.open();
    await job.inWindow('p1', 'window 1', 'in a window');
    await job.change('p1', 0, 1);
    await job.checkpoint();

    expect(plain(await job.find('value', 'p1'))).toStrictEqual([
      ['', { ward: 'ward 1' }],
      ['window 1', { ward: 'in a window' }],
    ]);
    const [found] = await job.find('timed', 'p1');
    expect(found?.content).toMatchObject({ kind: 'value', value: { kind: 'decoded', usedAtMs: 1_234, version: 3 } });
  });

  test('of a serializer of its own is shown as its bytes', async () => {
    const job = await JobState.open();
    await job.change('p1', 0, 1);
    await job.checkpoint();

    const [found] = await job.find('own', 'p1');
    expect(found?.content).toMatchObject({ kind: 'value', value: { kind: 'opaque', bytes: Buffer.from('1') } });
  });

  test('of an operator or state that is not there is an error that names those that are', async () => {
    const job = await JobState.open();
    await job.checkpoint();

    await expect(job.find('nothing', 'p1')).rejects.toThrow('no state "nothing" of operator correlate; it has value,');
    await expect(findState(job.metadata, { uid: 'other', state: 'value', key: '' }, job.reading)).rejects.toThrow(
      'no operator "other"; it has correlate',
    );
  });
});

class JobState {
  readonly objects = new MemorySnapshotStore();
  readonly reading = { store: this.objects, call, fetchBytes: 4_096 };
  readonly #dictionary = new StateDictionary([]);
  readonly #state: KeyedState;
  readonly #snapshots: KeyedSnapshots;
  readonly #states;
  readonly #model = new Map<string, unknown>();
  #last = 0n;
  #segments: readonly SegmentRef[] = [];

  private constructor(keyed: KeyedStore) {
    const clock = { eventMs: () => undefined, recordMs: () => undefined, processingMs: () => 1_234 };
    this.#state = new KeyedState({
      store: keyed,
      dictionary: this.#dictionary,
      maxParallelism: M,
      range: RANGE,
      clock,
    });
    let objects = 0;
    const nextKey = (): string => `state/${(objects += 1)}`;
    const writing = { store: this.objects, call, nextKey, objectBytes: 30_000, inlineBytesMax: 60 };
    this.#snapshots = new KeyedSnapshots({
      store: keyed,
      catalog: new SegmentCatalog(RANGE, []),
      range: RANGE,
      writing,
      reading: this.reading,
      basePolicy: { bundles: 3, ratio: 1, deltaBytesMin: 200 },
    });
    this.#states = {
      value: this.#state.value(valueState<{ ward: string }>({ name: 'value' })),
      list: this.#state.list(listState<number>({ name: 'list' })),
      map: this.#state.map(mapState<number>({ name: 'map' })),
      large: this.#state.largeMap(largeMapState<number>({ name: 'large' })),
      timed: this.#state.value(
        valueState<number>({ name: 'timed', version: 3, ttl: { ms: 1_000, time: 'processing' } }),
      ),
      own: this.#state.value(valueState<Uint8Array>({ name: 'own', serializer: bytesSerializer })),
    };
  }

  static async open(): Promise<JobState> {
    const yieldTurn = async (): Promise<void> => await Promise.resolve();
    const identity = {
      job: 'job',
      uid: 'correlate',
      lineage: 'l',
      firstKeyGroup: RANGE.first,
      lastKeyGroup: RANGE.last,
      maxParallelism: M,
      hashId: KEY_HASH_ID,
    };
    const limits = { dirtySoftBytes: 1 << 20, dirtyHardBytes: 1 << 21, cacheBytes: 1 << 16 };
    return new JobState(await KeyedStore.open({ store: new MemoryKeyValueStore(), identity, limits, yieldTurn }));
  }

  async change(key: string, kind: number, what: number): Promise<void> {
    const part = this.#state.context.partOf(key);
    const lease = await this.#state.prefetch([{ key: part }]);
    this.#state.setKey(part);
    const { value, list, map, large, timed, own } = this.#states;
    switch (kind) {
      case 0:
        value.update({ ward: `ward ${what}` });
        timed.update(what);
        own.update(Buffer.from(String(what)));
        this.#model.set(`value ${key}`, { ward: `ward ${what}` });
        break;
      case 1:
        value.clear();
        this.#model.delete(`value ${key}`);
        break;
      case 2:
      case 3:
        list.add(what);
        this.#model.set(`list ${key}`, list.get());
        break;
      case 4:
        list.clear();
        this.#model.delete(`list ${key}`);
        break;
      case 5:
        map.set(`m${what}`, what);
        this.#model.set(`map ${key}`, Object.fromEntries(map.entries()));
        break;
      case 6:
        map.delete(`m${what}`);
        this.#setMap(`map ${key}`, Object.fromEntries(map.entries()));
        break;
      case 7:
        large.set(`l${what}`, what);
        this.#setMap(`large ${key}`, { ...this.#mapOf(`large ${key}`), [`l${what}`]: what });
        break;
      case 8:
        large.clear();
        this.#model.delete(`large ${key}`);
        break;
      default:
        await this.checkpoint();
    }
    lease.release();
  }

  async inWindow(key: string, window: string, ward: string): Promise<void> {
    const part = this.#state.context.partOf(key);
    const lease = await this.#state.prefetch([{ key: part, namespace: binaryOfText(window) }]);
    this.#state.setKey(part, binaryOfText(window));
    this.#states.value.update({ ward });
    lease.release();
  }

  async checkpoint(): Promise<void> {
    this.#last += 1n;
    const checkpoint = parseCheckpointId(this.#last);
    this.#snapshots.freeze(checkpoint);
    this.#segments = await this.#snapshots.write(checkpoint);
    await this.#snapshots.complete(checkpoint);
    await this.#snapshots.maintain();
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { length }) => sum + length, 0);
  }

  get metadata(): CheckpointMetadata {
    const subtask = {
      keyed: this.#segments,
      lists: [],
      splits: [],
      committables: [],
      isFinished: false,
      watermarkMs: undefined,
    };
    return {
      jobId: parseJobId('job'),
      checkpoint: parseCheckpointId(this.#last),
      kind: 'savepoint',
      leaderEpoch: parseLeaderEpoch(1n),
      attempt: parseAttemptNumber(1),
      triggeredAtMs: 0,
      completedAtMs: 0,
      lineage: 'l',
      fingerprint: '',
      artifact: '',
      operators: [
        {
          uid: parseOperatorUid('correlate'),
          name: 'correlate',
          parallelism: 1,
          maxParallelism: M,
          hashId: KEY_HASH_ID,
          states: this.#dictionary.entries(),
          subtasks: [subtask],
          coordinatorState: undefined,
        },
      ],
    };
  }

  async find(state: string, key: string): Promise<readonly FoundState[]> {
    return await findState(this.metadata, { uid: 'correlate', state, key }, this.reading);
  }

  expected(state: string, key: string): [string, unknown][] {
    const value = this.#model.get(`${state} ${key}`);
    return value === undefined ? [] : [['', value]];
  }

  #mapOf(name: string): object {
    const value = this.#model.get(name);
    return typeof value === 'object' && value !== null ? value : {};
  }

  #setMap(name: string, value: object): void {
    if (Object.keys(value).length === 0) {
      this.#model.delete(name);
    } else {
      this.#model.set(name, value);
    }
  }
}

function plain(found: readonly FoundState[]): [string, unknown][] {
  return found.map(({ namespace, content }) => {
    switch (content.kind) {
      case 'value':
        return [namespace, valueOf(content.value)];
      case 'list':
        return [namespace, content.values.map(valueOf)];
      case 'map':
        return [namespace, Object.fromEntries(content.entries.map(([key, value]) => [key, valueOf(value)]))];
    }
  });
}

function valueOf(value: StoredValue): unknown {
  return value.kind === 'decoded' ? value.value : value.bytes;
}
