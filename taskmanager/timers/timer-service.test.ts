import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CheckpointId } from '../../shared/ids.ts';
import { parseCheckpointId, parseKeyGroup } from '../../shared/ids.ts';
import { KeyContext } from '../state/key-context.ts';
import { identity } from '../state/keyed-store-testing.ts';
import { KeyedStore } from '../state/keyed-store.ts';
import { MemoryKeyValueStore } from '../state/memory-key-value-store.ts';
import { StateDictionary } from '../state/state-dictionary.ts';
import { parseTimer, timerRow } from './timer-key.ts';
import { TimerService } from './timer-service.ts';

const range = { first: parseKeyGroup(0), last: parseKeyGroup(3) };
const keys = new KeyContext(4, range);

type Op =
  | { kind: 'register' | 'delete'; key: string; at: number }
  | { kind: 'advance'; by: number; max: number }
  | { kind: 'complete' | 'restart' | 'relieve' };

const anyOp: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('register' as const, 'register' as const, 'delete' as const),
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      at: fc.integer({ min: -20, max: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      by: fc.nat({ max: 20 }),
      max: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('complete' as const, 'restart' as const, 'relieve' as const) }),
  },
);

describe('the timer service', () => {
  test('fires what a plain set would, in order, over restarts, whatever is in memory', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyOp, { maxLength: 80 }), fc.boolean(), async (ops, changesDuringRead) => {
        const limits = { dirtySoftBytes: 200, dirtyHardBytes: 400, cacheBytes: 100 };
        const yieldTurn = async (): Promise<void> => await Promise.resolve();
        const keyed = await KeyedStore.open({ store: new MemoryKeyValueStore(), identity, limits, yieldTurn });
        const open = (isFresh: boolean): TimerService =>
          new TimerService({
            store: keyed,
            dictionary: new StateDictionary([]),
            range,
            time: 'event',
            isFresh,
            headMax: 2,
          });
        let timers = open(true);
        let model = new Map<string, number>();
        let saved: { id: CheckpointId; model: Map<string, number>; now: number } | undefined;
        let now = -20;
        let last = 0n;
        for (const op of ops) {
          switch (op.kind) {
            case 'register':
              timers.register(keys.partOf(op.key), '', op.at);
              model.set(`${op.key}@${op.at}`, op.at);
              break;
            case 'delete':
              timers.delete(keys.partOf(op.key), '', op.at);
              model.delete(`${op.key}@${op.at}`);
              break;
            case 'advance': {
              now += op.by;
              const expected = [...model.values()].filter((at) => at <= now).sort((a, b) => a - b);
              expect(await fireAll(timers, now, op.max)).toStrictEqual(expected);
              model = new Map([...model].filter(([, at]) => at > now));
              const next = timers.nextMs();
              expect(next === undefined || next <= Math.min(...model.values())).toBe(true);
              expect(next !== undefined || model.size === 0).toBe(true);
              break;
            }
            case 'relieve':
              await keyed.relieve();
              break;
            case 'complete': {
              last += 1n;
              const id = parseCheckpointId(last);
              keyed.freeze(id);
              saved = { id, model: new Map(model), now };
              const completing = keyed.complete(id);
              if (changesDuringRead) {
                const reading = timers.readHeads(40);
                timers.register(keys.partOf('z'), '', 39);
                model.set('z@39', 39);
                timers.delete(keys.partOf('a'), '', 5);
                model.delete('a@5');
                await reading;
              }
              await completing;
              break;
            }
            case 'restart':
              if (saved !== undefined) {
                expect(await keyed.rollback(saved.id)).toBe(true);
                timers = open(false);
                model = new Map(saved.model);
                now = saved.now;
              }
          }
        }
        expect((await fireAll(timers, 100, 3)).length).toBe(model.size);
        expect(timers.nextMs()).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  }, 60_000);

  test('does not fire what a callback has deleted', async () => {
    const yieldTurn = async (): Promise<void> => await Promise.resolve();
    const limits = { dirtySoftBytes: 1e6, dirtyHardBytes: 1e6, cacheBytes: 1e6 };
    const store = await KeyedStore.open({ store: new MemoryKeyValueStore(), identity, limits, yieldTurn });
    const timers = new TimerService({
      store,
      dictionary: new StateDictionary([]),
      range,
      time: 'processing',
      isFresh: true,
    });
    timers.register(keys.partOf('a'), 'w1', 1);
    timers.register(keys.partOf('a'), 'w2', 1);
    const due = timers.due(1, 10);
    timers.delete(keys.partOf('a'), 'w2', 1);

    const taken = due === 'read' ? [] : due.map((timer) => [timer.namespace, timers.take(timer)]);

    expect(taken).toStrictEqual([
      ['w1', true],
      ['w2', false],
    ]);
  });
});

describe('a timer key', () => {
  test('sorts by time, also before 1970, and gives back its parts', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger(), { minLength: 2, maxLength: 20 }), fc.string(), (times, key) => {
        const part = keys.partOf(key);

        const rows = times.map((ms) => timerRow(7, ms, part, 'ns')).sort();

        expect(rows.map((row) => parseTimer(7, row).timestampMs)).toStrictEqual(times.toSorted((a, b) => a - b));
        expect(rows.every((row) => parseTimer(7, row).namespace === 'ns')).toBe(true);
      }),
    );
  });
});

async function fireAll(timers: TimerService, upToMs: number, max: number): Promise<number[]> {
  const fired: number[] = [];
  for (;;) {
    const due = timers.due(upToMs, max);
    if (due === 'read') {
      await timers.readHeads(upToMs);
      continue;
    }
    if (due.length === 0) {
      return fired;
    }
    for (const timer of due) {
      expect(timers.take(timer)).toBe(true);
      fired.push(timer.timestampMs);
    }
  }
}
