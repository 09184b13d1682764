import { describe, expect, test } from 'vitest';
import type { OperatorListSnapshot } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { ProcessFunction } from '../../shared/functions/functions.ts';
import { operatorListState } from '../../shared/functions/state.ts';
import type { OperatorListState } from '../../shared/functions/state.ts';
import { stringSerializer } from '../../shared/serialization/serializer.ts';
import { eraseSerializer } from '../../shared/graph/erase-wire.ts';
import { AsyncOperator } from './async-operator.ts';
import type { Capture } from './operator.ts';
import { contextFor, openContextFor, partsFor } from './operator-testing.ts';
import { ProcessOperator } from './process-operator.ts';

const { signal } = new AbortController();

async function listsOf(capture: Capture): Promise<readonly OperatorListSnapshot[]> {
  return (await capture.write(signal)).lists;
}

describe('list state of a process function', () => {
  const SEEN = operatorListState<number>({ name: 'seen', redistribution: 'split' });
  const ALL = operatorListState<number>({ name: 'all', redistribution: 'union' });

  function collector(): ProcessFunction<unknown, unknown> {
    let seen: OperatorListState<number>;
    let all: OperatorListState<number>;
    return {
      open: ({ operatorState }) => {
        seen = operatorState.list(SEEN);
        all = operatorState.list(ALL);
      },
      process: (value, context) => {
        seen.add(Number(value));
        all.add(Number(value));
        context.emit([[...seen.get()].sort(), [...all.get()].sort()]);
      },
    };
  }

  async function opened(
    emitted: unknown[],
    lists: readonly (readonly OperatorListSnapshot[])[] | undefined,
    [subtask, parallelism]: readonly [number, number],
  ): Promise<ProcessOperator> {
    const operator = new ProcessOperator(partsFor(emitted, subtask, parallelism), collector());
    await operator.restore(contextFor(lists, subtask, parallelism));
    operator.open(openContextFor(subtask, parallelism));
    return operator;
  }

  test('is dealt out anew at another parallelism, a union is given whole to all', async () => {
    const first: unknown[] = [];
    const one = await opened(first, undefined, [0, 1]);
    [1, 2, 3].forEach((value) => {
      one.record(value, undefined);
    });
    const lists = [await listsOf(one.capture())];
    one.record(4, undefined);

    const emitted: unknown[][] = [[], []];
    for (const subtask of [0, 1]) {
      const operator = await opened(emitted[subtask]!, lists, [subtask, 2]);
      operator.record(9, undefined);
    }

    expect(emitted).toStrictEqual([
      [
        [
          [1, 3, 9],
          [1, 2, 3, 9],
        ],
      ],
      [
        [
          [2, 9],
          [1, 2, 3, 9],
        ],
      ],
    ]);
  });
});

describe('an async operator', () => {
  interface AskedCall {
    readonly value: string;
    readonly answer: (result: string) => void;
  }

  class Outside {
    readonly asked: AskedCall[] = [];
    readonly emitted: unknown[] = [];

    async operator(
      lists: readonly (readonly OperatorListSnapshot[])[] | undefined,
      options: { readonly inFlightMax: number; readonly place?: readonly [number, number] },
    ): Promise<AsyncOperator> {
      const [subtask, parallelism] = options.place ?? [0, 1];
      const serializer = eraseSerializer(stringSerializer)!;
      const operator = new AsyncOperator(partsFor(this.emitted, subtask, parallelism), {
        spec: {
          call: async (value) => await this.#ask(String(value)),
          order: 'ordered',
          inFlightMax: options.inFlightMax,
          timeoutMs: 1_000,
        },
        deps: {
          monotonicMs: () => 0,
          schedule: () => () => undefined,
          wake: () => undefined,
          fail: (failure) => {
            throw new Error(failure.message);
          },
        },
        serializer,
      });
      await operator.restore(contextFor(lists, subtask, parallelism));
      return operator;
    }

    async answerAll(): Promise<void> {
      for (const { value, answer } of this.asked.splice(0)) {
        answer(value.toUpperCase());
      }
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }

    async #ask(value: string): Promise<string> {
      return await new Promise((answer) => this.asked.push({ value, answer }));
    }
  }

  test('calls what was in flight at a checkpoint anew after it, in order and before anything else', async () => {
    const before = new Outside();
    const first = await before.operator(undefined, { inFlightMax: 10 });
    ['a', 'b', 'c', 'd'].forEach((value, i) => {
      first.record(value, i === 1 ? undefined : i);
    });
    await before.answerAll();
    first.emitDone();
    ['e', 'f', 'g', 'h', 'i'].forEach((value) => {
      first.record(value, 7);
    });
    const lists = [await listsOf(first.capture())];
    await before.answerAll();
    first.emitDone();

    const after = new Outside();
    const second = await after.operator(lists, { inFlightMax: 2 });
    expect([second.isFull, second.isEmpty, second.hasDone]).toStrictEqual([true, false, true]);
    for (let round = 0; round < 4; round += 1) {
      second.emitDone();
      expect(after.asked.length).toBeLessThanOrEqual(2);
      await after.answerAll();
    }
    second.emitDone();

    expect(after.emitted).toStrictEqual(['E', 'F', 'G', 'H', 'I']);
    expect([second.isFull, second.isEmpty]).toStrictEqual([false, true]);
  });

  test('keeps restored records that were not called yet in the next checkpoint', async () => {
    const before = new Outside();
    const first = await before.operator(undefined, { inFlightMax: 10 });
    ['a', 'b', 'c', 'd'].forEach((value) => {
      first.record(value, undefined);
    });
    const lists = [await listsOf(first.capture())];

    const between = new Outside();
    const second = await between.operator(lists, { inFlightMax: 1 });
    second.emitDone();
    const again = [await listsOf(second.capture())];
    const emitted = await Promise.all(
      [0, 1].map(async (subtask) => {
        const after = new Outside();
        const third = await after.operator(again, { inFlightMax: 10, place: [subtask, 2] });
        third.emitDone();
        await after.answerAll();
        third.emitDone();
        return after.emitted;
      }),
    );

    expect(emitted).toStrictEqual([
      ['A', 'C'],
      ['B', 'D'],
    ]);
  });
});
