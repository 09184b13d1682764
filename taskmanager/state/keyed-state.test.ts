import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StateDictionaryEntry } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { parseCheckpointId, parseKeyGroup } from '../../shared/ids.ts';
import {
  aggregatingState,
  largeMapState,
  listState,
  mapState,
  operatorListState,
  reducingState,
  valueState,
} from '../../shared/functions/state.ts';
import { bytesSerializer, stringSerializer } from '../../shared/serialization/serializer.ts';
import { KeyedState } from './keyed-state.ts';
import { KeyedStore } from './keyed-store.ts';
import { identity, keysOfStore } from './keyed-store-testing.ts';
import { MemoryKeyValueStore } from './memory-key-value-store.ts';
import { OperatorState, redistributeOperatorState } from './operator-state.ts';
import { StateDictionary } from './state-dictionary.ts';
import { ValueCodec, usedAtOf, withUsedAt } from './value-codec.ts';

interface Patient {
  readonly ward: string;
  readonly visits: readonly number[];
}

const limits = { dirtySoftBytes: 1 << 20, dirtyHardBytes: 1 << 21, cacheBytes: 4_000 };
const range = { first: parseKeyGroup(0), last: parseKeyGroup(127) };

class Fixture {
  readonly store: MemoryKeyValueStore;
  readonly keyed: KeyedStore;
  readonly state: KeyedState;
  readonly dictionary: StateDictionary;
  processingMs = 1_000;
  watermark: number | undefined;
  #last = 0n;

  private constructor(store: MemoryKeyValueStore, keyed: KeyedStore, dictionary: StateDictionary) {
    this.store = store;
    this.keyed = keyed;
    this.dictionary = dictionary;
    const clock = {
      eventMs: (): number | undefined => this.watermark,
      recordMs: (): number | undefined => undefined,
      processingMs: (): number => this.processingMs,
    };
    this.state = new KeyedState({ store: keyed, dictionary, maxParallelism: 128, range, clock });
  }

  static async open(
    store = new MemoryKeyValueStore(),
    restored: readonly StateDictionaryEntry[] = [],
  ): Promise<Fixture> {
    const yieldTurn = async (): Promise<void> => await Promise.resolve();
    const keyed = await KeyedStore.open({ store, identity, limits, yieldTurn });
    return new Fixture(store, keyed, new StateDictionary(restored));
  }

  async with<T>(key: string, work: () => T, namespace?: string): Promise<T> {
    const part = this.state.context.partOf(key);
    const at = namespace === undefined ? { key: part } : { key: part, namespace };
    const lease = await this.state.prefetch([at]);
    this.state.setKey(part, namespace);
    const result = work();
    lease.release();
    return result;
  }

  async complete(): Promise<CheckpointId> {
    this.#last += 1n;
    const checkpoint = parseCheckpointId(this.#last);
    this.keyed.freeze(checkpoint);
    await this.keyed.complete(checkpoint);
    return checkpoint;
  }

  async sweepAll(): Promise<void> {
    while (!(await this.state.sweeper.step())) {
      // Each step is one page of one section.
    }
  }
}

describe('keyed state', () => {
  test('is separate for each key, namespace and state, and survives its epoch', async () => {
    const f = await Fixture.open();
    const patient = f.state.value(valueState<Patient>({ name: 'patient' }));
    const other = f.state.value(valueState<string>({ name: 'other' }));

    await f.with('p1', () => patient.update({ ward: 'ICU', visits: [1] }));
    await f.with('p1', () => patient.update({ ward: 'ER', visits: [] }), 'window-1');
    await f.complete();
    await f.keyed.rollback(parseCheckpointId(1n));

    expect(await f.with('p1', () => patient.value())).toStrictEqual({ ward: 'ICU', visits: [1] });
    expect(await f.with('p1', () => patient.value(), 'window-1')).toStrictEqual({ ward: 'ER', visits: [] });
    expect(await f.with('p2', () => patient.value())).toBeUndefined();
    expect(await f.with('p1', () => other.value())).toBeUndefined();
  });

  test('gives a copy: changing what was read changes nothing until it is written', async () => {
    const f = await Fixture.open();
    const list = f.state.value(valueState<number[]>({ name: 'numbers' }));
    await f.with('k', () => list.update([1]));

    await f.with('k', () => list.value()?.push(2));

    expect(await f.with('k', () => list.value())).toStrictEqual([1]);
  });

  test('used without a key, or for a key that was not fetched, is a bug and says so', async () => {
    const f = await Fixture.open();
    const value = f.state.value(valueState<number>({ name: 'n' }));

    expect(() => value.value()).toThrow('no key is set');
    f.state.setKey(f.state.context.partOf('never-fetched'));
    expect(() => value.value()).toThrow('not prefetched');
  });

  test('keeps lists in the order of adding, maps by key, reductions and aggregates', async () => {
    const f = await Fixture.open();
    const list = f.state.list(listState<string>({ name: 'list' }));
    const map = f.state.map(mapState<number>({ name: 'map' }));
    const sum = f.state.reducing(reducingState<number>({ name: 'sum', reduce: (a, b) => a + b }));
    const mean = f.state.aggregating(
      aggregatingState<number, { n: number; total: number }, number>({
        name: 'mean',
        aggregate: {
          create: () => ({ n: 0, total: 0 }),
          add: ({ n, total }, x) => ({ n: n + 1, total: total + x }),
          result: ({ n, total }) => total / n,
          merge: (a, b) => ({ n: a.n + b.n, total: a.total + b.total }),
        },
      }),
    );
    for (let i = 0; i < 300; i += 1) {
      await f.with('k', () => {
        list.add(`e${i}`);
        map.set(`key ${i % 7} ä`, i);
        sum.add(i);
        mean.add(i);
      });
      if (i % 50 === 0) {
        await f.complete();
        await f.keyed.rollback(await f.complete());
      }
    }

    await f.with('k', () => {
      expect(list.get()).toStrictEqual(Array.from({ length: 300 }, (_, i) => `e${i}`));
      expect(new Map(map.entries()).get('key 3 ä')).toBe(297);
      expect(Array.from(map.keys())).toHaveLength(7);
      map.delete('key 3 ä');
      expect([map.has('key 3 ä'), map.has('key 4 ä'), map.isEmpty]).toStrictEqual([false, true, false]);
      expect([sum.get(), mean.get()]).toStrictEqual([44_850, 149.5]);
      list.update(['x', 'y']);
      map.clear();
      sum.clear();
      mean.clear();
      expect([list.get(), map.isEmpty, sum.get(), mean.get()]).toStrictEqual([['x', 'y'], true, undefined, undefined]);
    });
    await f.with('k', () => list.clear());
    await f.complete();
    expect(await keysOfStore(f.store)).toStrictEqual([]);
  });

  test('of a large map is read entry by entry, and iterated as it was at the call', async () => {
    const f = await Fixture.open();
    const large = f.state.largeMap(largeMapState<number>({ name: 'large' }));
    f.state.setKey(f.state.context.partOf('k'));
    for (let i = 0; i < 2_000; i += 1) {
      large.set(`e${String(i).padStart(4, '0')}`, i);
    }
    await f.complete();
    large.delete('e0000');
    large.set('e0001', -1);

    const entries = large.entries();
    large.clear();
    f.state.setKey(f.state.context.partOf('another'));
    const seen: (readonly [string, number])[] = [];
    for await (const entry of entries) {
      seen.push(entry);
    }

    expect(seen).toHaveLength(1_999);
    expect(seen.slice(0, 2)).toStrictEqual([
      ['e0001', -1],
      ['e0002', 2],
    ]);
    f.state.setKey(f.state.context.partOf('k'));
    expect(await large.get('e0500')).toBeUndefined();
  });

  test('refuses a key of another subtask', async () => {
    const f = await Fixture.open();
    const narrow = new KeyedState({
      store: f.keyed,
      dictionary: new StateDictionary([]),
      maxParallelism: 128,
      range: { first: parseKeyGroup(0), last: parseKeyGroup(0) },
      clock: { eventMs: () => undefined, recordMs: () => undefined, processingMs: () => 0 },
    });

    expect(() => Array.from({ length: 100 }, (_, i) => narrow.context.partOf(`key-${i}`))).toThrow(
      'reached the subtask of',
    );
  });
});

describe('unapplied writes in memory', () => {
  test('ask for a checkpoint, then for disk, then for patience; spilled and applied they are read as before', async () => {
    const store = new MemoryKeyValueStore();
    const small = { dirtySoftBytes: 2_000, dirtyHardBytes: 4_000, cacheBytes: 500 };
    const yieldTurn = async (): Promise<void> => await Promise.resolve();
    const keyed = await KeyedStore.open({ store, identity, limits: small, yieldTurn });
    const dictionary = new StateDictionary([]);
    const clock = {
      eventMs: (): undefined => undefined,
      recordMs: (): undefined => undefined,
      processingMs: (): number => 0,
    };
    const state = new KeyedState({ store: keyed, dictionary, maxParallelism: 128, range, clock });
    const value = state.value(valueState<number>({ name: 'v' }));
    const seen: string[] = [];
    let written = 0;
    for (; keyed.pressure !== 'full'; written += 1) {
      state.setKey(state.context.partOf(`k${written}`));
      value.update(written);
      if (seen.at(-1) !== keyed.pressure) {
        seen.push(keyed.pressure);
      }
    }

    await keyed.relieve();

    expect(seen).toStrictEqual(['none', 'checkpoint', 'spill', 'full']);
    expect(keyed.pressure).toBe('none');
    keyed.freeze(parseCheckpointId(1n));
    for (const completed of [false, true]) {
      if (completed) {
        await keyed.complete(parseCheckpointId(1n));
      }
      for (let i = 0; i < written; i += 1) {
        const key = state.context.partOf(`k${i}`);
        const lease = await state.prefetch([{ key }]);
        state.setKey(key);
        expect(value.value()).toBe(i);
        lease.release();
      }
    }
  });
});

describe('a value with a time to live', () => {
  test('expires by processing time, on reading and in the background', async () => {
    const f = await Fixture.open();
    const value = f.state.value(valueState<string>({ name: 'v', ttl: { ms: 100, time: 'processing' } }));
    const map = f.state.map(mapState<string>({ name: 'm', ttl: { ms: 100, time: 'processing' } }));
    await f.with('a', () => value.update('1'));
    await f.with('a', () => map.set('old', '1'));
    f.processingMs += 60;
    await f.with('a', () => map.set('new', '2'));
    await f.with('b', () => map.set('old', '1'));
    await f.complete();

    f.processingMs += 60;

    expect(await f.with('a', () => value.value())).toBeUndefined();
    expect(await f.with('a', () => Array.from(map.keys()))).toStrictEqual(['new']);
    f.processingMs += 60;
    await f.keyed.rollback(parseCheckpointId(1n));
    await f.sweepAll();
    await f.complete();
    expect(await keysOfStore(f.store)).toStrictEqual([]);
  });

  test('that is written while a sweep looks at it stays', async () => {
    const f = await Fixture.open();
    const value = f.state.value(valueState<string>({ name: 'v', ttl: { ms: 100, time: 'processing' } }));
    const map = f.state.map(mapState<string>({ name: 'm', ttl: { ms: 100, time: 'processing' } }));
    await f.with('a', () => value.update('old'));
    await f.with('a', () => map.set('old', '1'));
    await f.complete();
    f.processingMs += 200;

    const sweeping = f.sweepAll();
    await f.with('a', () => value.update('new'));
    await f.with('a', () => map.set('new', '2'));
    const between = f.complete();
    await sweeping;
    await between;

    expect(await f.with('a', () => value.value())).toBe('new');
    await f.sweepAll();
    await f.keyed.rollback(await f.complete());
    expect(await f.with('a', () => Array.from(map.keys()))).toStrictEqual(['new']);
  });

  test('by event time waits for the watermark, and reading may refresh it', async () => {
    const f = await Fixture.open();
    const value = f.state.value(
      valueState<string>({ name: 'v', ttl: { ms: 100, time: 'event', refresh: 'on-read-and-write' } }),
    );
    f.watermark = 1_000;
    await f.with('a', () => value.update('1'));
    f.watermark = 1_090;
    expect(await f.with('a', () => value.value())).toBe('1');
    f.watermark = 1_180;
    expect(await f.with('a', () => value.value())).toBe('1');

    f.watermark = 1_280;

    expect(await f.with('a', () => value.value())).toBeUndefined();
  });
});

describe('the shape of state may change', () => {
  test('old values are migrated when they are read, new ones stand beside them', async () => {
    const first = await Fixture.open();
    const old = first.state.value(valueState<number>({ name: 'v' }));
    await first.with('a', () => old.update(7));
    await first.complete();

    const second = await Fixture.open(first.store, first.dictionary.entries());
    const migrate = (was: unknown, version: number): { n: number } => ({ n: Number(was) * 10 + version });
    const now = second.state.value(valueState<{ n: number }>({ name: 'v', version: 2, migrate }));
    await second.with('b', () => now.update({ n: 1 }));

    expect(await second.with('a', () => now.value())).toStrictEqual({ n: 71 });
    expect(await second.with('b', () => now.value())).toStrictEqual({ n: 1 });
    expect(second.dictionary.entries()[0]).toMatchObject({ id: 1, version: 2 });
  });

  test.each([
    ['another kind', { name: 'v', kind: 'map' as const, version: 1, serializer: 'msgpackr/1' }],
    ['another serializer', { name: 'v', kind: 'value' as const, version: 1, serializer: 'string/1' }],
    ['an older version', { name: 'v', kind: 'value' as const, version: 1, serializer: 'msgpackr/1' }],
    ['a newer version without migrate', { name: 'v', kind: 'value' as const, version: 3, serializer: 'msgpackr/1' }],
  ])('but %s is refused before anything is read', (_, state) => {
    const dictionary = new StateDictionary([{ name: 'v', id: 4, kind: 'value', version: 2, serializer: 'msgpackr/1' }]);

    expect(() => dictionary.declare(state, false)).toThrow(/state v (is of kind|was written|has version)/);
  });

  test('ids are never given to another name', () => {
    const dictionary = new StateDictionary([{ name: 'gone', id: 9, kind: 'value', version: 1, serializer: 's' }]);

    expect(dictionary.declare({ name: 'new', kind: 'value', version: 1, serializer: 's' }, false)).toBe(10);
    expect(dictionary.entries().map(({ name }) => name)).toStrictEqual(['gone', 'new']);
  });
});

describe('the layout in the store and in segments', () => {
  test('is that of format 1: keys, namespaces, markers, map keys, lists and values', async () => {
    const f = await Fixture.open();
    const value = f.state.value(valueState<string>({ name: 'v', version: 3, ttl: { ms: 1, time: 'processing' } }));
    const map = f.state.map(mapState<number>({ name: 'm' }));
    const list = f.state.list(listState<boolean>({ name: 'l' }));
    f.processingMs = 1_700_000_000_000;
    await f.with('p1', () => value.update('ICU'), 'w');
    await f.with('p1', () => map.set('ä', 7));
    await f.with('p1', () => list.addAll([true, false]));
    await f.complete();

    const hex = (binary: string): string => Buffer.from(binary, 'latin1').toString('hex');
    expect((await keysOfStore(f.store)).map(([key, bytes]) => `${hex(key)} ${hex(bytes)}`)).toStrictEqual([
      '002500010270310177 830000018bcfe56800a3494355',
      '0025000202703100 ',
      '002500020270310001c3a4 0107',
      '0025000302703100 ',
      '002500030270310001000000000000 01c3',
      '002500030270310001000000000001 01c2',
    ]);
  });
});

/** msgpackr writes a field called `__proto__` under another name, so that no reader's prototype is set. */
const plainValue = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"__proto__"'));

describe('the value codec', () => {
  test('gives back what it was given, with any time', () => {
    const codec = new ValueCodec<unknown>({ name: 'x' });
    fc.assert(
      fc.property(plainValue, fc.option(fc.maxSafeNat()), (value, time) => {
        const binary = codec.encode(value, time ?? undefined);

        expect(codec.decode(binary)).toStrictEqual(JSON.parse(JSON.stringify(value)));
        expect(usedAtOf(binary)).toBe(time ?? undefined);
        expect(usedAtOf(withUsedAt(binary, 77))).toBe(77);
        expect(codec.decode(withUsedAt(binary, 77))).toStrictEqual(codec.decode(binary));
      }),
    );
  });

  test('takes values larger than its scratch, and serializers of users', () => {
    const large = new ValueCodec<string>({ name: 'x' });
    const text = 'ä'.repeat(100_000);
    expect(large.decode(large.encode(text, 5))).toBe(text);

    const own = new ValueCodec<string>({ name: 'x', serializer: stringSerializer });
    expect(own.decode(own.encode('Grüße', undefined))).toBe('Grüße');
    const bytes = new ValueCodec<Uint8Array>({ name: 'x', serializer: bytesSerializer });
    expect(Buffer.from(bytes.decode(bytes.encode(Buffer.from([0, 255, 128]), undefined)))).toStrictEqual(
      Buffer.from([0, 255, 128]),
    );
  });

  test('refuses what would silently come back as something else', () => {
    const codec = new ValueCodec<unknown>({ name: 'x' });

    expect(() => codec.encode({ deep: [new Map()] }, undefined)).toThrow('Map');
    expect(() => codec.encode(undefined, undefined)).toThrow('undefined');
  });
});

describe('operator state', () => {
  test('is dealt out anew at another parallelism: split once to someone, union to all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat({ max: 9 }), { maxLength: 5 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 6 }),
        (elements, parallelism) => {
          const former = elements.map((values) => [
            { name: 's', redistribution: 'split' as const, elements: values.map(String) },
            { name: 'u', redistribution: 'union' as const, elements: values.map(String) },
          ]);

          const dealt = redistributeOperatorState(former, parallelism);

          expect(dealt).toHaveLength(parallelism);
          const all = elements.flat().map(String);
          const split = dealt.map((states) => states.find(({ name }) => name === 's')?.elements ?? []);
          expect(split.flat().sort()).toStrictEqual(all.toSorted());
          expect(
            Math.max(...split.map((list) => list.length)) - Math.min(...split.map((list) => list.length)),
          ).toBeLessThanOrEqual(1);
          dealt.forEach((states) => expect(states.find(({ name }) => name === 'u')?.elements).toStrictEqual(all));
        },
      ),
    );
  });

  test('is written as it is at the barrier, and carried on when a job no longer declares it', () => {
    const state = new OperatorState([{ name: 'gone', redistribution: 'split', elements: ['\x01\xc3'] }]);
    const list = state.list(operatorListState<number[]>({ name: 'n', redistribution: 'union' }));
    const element = [1];
    list.add(element);
    const snapshot = state.snapshot();
    element.push(2);

    const restored = new OperatorState(snapshot);

    expect(restored.list(operatorListState<number[]>({ name: 'n', redistribution: 'union' })).get()).toStrictEqual([
      [1],
    ]);
    expect(snapshot.map(({ name }) => name)).toStrictEqual(['gone', 'n']);
    expect(() => new OperatorState(snapshot).list(operatorListState({ name: 'n', redistribution: 'split' }))).toThrow(
      'union',
    );
  });
});
