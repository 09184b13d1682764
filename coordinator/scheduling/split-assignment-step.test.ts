import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SplitState } from '../../shared/connector/source.ts';
import { parseSplitId, parseSubtaskIndex } from '../../shared/ids.ts';
import {
  beginAssignment,
  isWaiting,
  onSplitRequest,
  onSplitsFound,
  repeatOrders,
  resumeAssignment,
} from './split-assignment-step.ts';
import type { SplitOrder, SplitStep } from './split-assignment-step.ts';

describe('eager', () => {
  test('spreads splits over the readers, the emptiest first, and says no more to all when none will come', () => {
    const { orders } = beginAssignment({
      mode: 'eager',
      parallelism: 2,
      splits: splits('a', 'b', 'c'),
      isComplete: true,
    });

    expect(orders.map(show)).toStrictEqual(['0#1 a,c end', '1#1 b end']);
  });

  test('gives later splits to the reader with fewest', () => {
    const first = beginAssignment({ mode: 'eager', parallelism: 3, splits: splits('a'), isComplete: false });
    const second = onSplitsFound(first.state, splits('b', 'c', 'd'), false);

    expect(first.orders.map(show)).toStrictEqual(['0#1 a']);
    expect(second.orders.map(show)).toStrictEqual(['0#2 d', '1#1 b', '2#1 c']);
  });

  test('tells a reader that has no split that none will come', () => {
    const { orders } = beginAssignment({ mode: 'eager', parallelism: 2, splits: [], isComplete: true });

    expect(orders.map(show)).toStrictEqual(['0#1  end', '1#1  end']);
  });

  test('does not heed requests', () => {
    const { state } = beginAssignment({ mode: 'eager', parallelism: 1, splits: splits('a'), isComplete: false });

    expect(onSplitRequest(state, parseSubtaskIndex(0))).toStrictEqual({ state, orders: [] });
  });
});

describe('readers that go on', () => {
  test('are told again what they have not seen', () => {
    const first = beginAssignment({ mode: 'eager', parallelism: 2, splits: splits('a', 'b'), isComplete: false });
    const { state } = onSplitsFound(first.state, splits('c', 'd'), true);

    expect(repeatOrders(state, parseSubtaskIndex(0), 2)).toStrictEqual([]);
    expect(repeatOrders(state, parseSubtaskIndex(0), 1).map(show)).toStrictEqual(['0#2 c end']);
    expect(repeatOrders(state, parseSubtaskIndex(1), 0).map(show)).toStrictEqual(['1#1 b', '1#2 d end']);
    expect(repeatOrders(state, parseSubtaskIndex(7), 0)).toStrictEqual([]);
  });

  test('under another leader number on from what they have seen, and the one with fewest splits gets the next', () => {
    const view = { mode: 'eager', splits: splits('c'), isComplete: false } as const;
    const { orders } = resumeAssignment(view, [
      { splits: 2, lastAssignment: 4 },
      { splits: 1, lastAssignment: 9 },
    ]);

    expect(orders.map(show)).toStrictEqual(['1#10 c']);
  });

  test('wait for what they have asked for', () => {
    const { state } = beginAssignment({ mode: 'on-request', parallelism: 1, splits: [], isComplete: false });
    const asked = onSplitRequest(state, parseSubtaskIndex(0)).state;

    expect([state, asked].map((each) => isWaiting(each, parseSubtaskIndex(0)))).toStrictEqual([false, true]);
  });
});

describe('on request', () => {
  test('gives splits in order, one for each request, then says no more', () => {
    const begin = beginAssignment({ mode: 'on-request', parallelism: 2, splits: splits('a', 'b'), isComplete: true });
    const steps = ask(begin, 1, 0, 1, 0, 0);

    expect(begin.orders).toStrictEqual([]);
    expect(steps).toStrictEqual(['1#1 a', '0#1 b', '1#2  end', '0#2  end']);
  });

  test('every one of very many readers may wait for its first split', () => {
    const parallelism = 10_500;
    let { state } = beginAssignment({ mode: 'on-request', parallelism, splits: [], isComplete: false });
    for (let reader = 0; reader < parallelism; reader += 1) {
      state = onSplitRequest(state, parseSubtaskIndex(reader)).state;
    }

    expect(onSplitsFound(state, [], true).orders).toHaveLength(parallelism);
  });

  test('a reader that asked too early is served, in order, when splits are found', () => {
    const begin = beginAssignment({ mode: 'on-request', parallelism: 3, splits: [], isComplete: false });
    const waiting = onSplitRequest(onSplitRequest(begin.state, parseSubtaskIndex(2)).state, parseSubtaskIndex(0));
    const found = onSplitsFound(waiting.state, splits('a'), false);
    const complete = onSplitsFound(found.state, [], true);

    expect(waiting.orders).toStrictEqual([]);
    expect(found.orders.map(show)).toStrictEqual(['2#1 a']);
    expect(complete.orders.map(show)).toStrictEqual(['0#1  end']);
  });

  test('does not heed a reader that does not exist', () => {
    const { state } = beginAssignment({ mode: 'on-request', parallelism: 1, splits: splits('a'), isComplete: true });

    expect(onSplitRequest(state, parseSubtaskIndex(1)).orders).toStrictEqual([]);
  });

  test('100,000 splits are handed out without copying them', () => {
    const many = splits(...Array.from({ length: 100_000 }, (_, i) => `s${i}`));
    let step = beginAssignment({ mode: 'on-request', parallelism: 1, splits: many, isComplete: true });
    const started = performance.now();
    many.forEach(() => {
      step = onSplitRequest(step.state, parseSubtaskIndex(0));
    });

    expect(step.orders.map(show)).toStrictEqual(['0#100000 s99999']);
    expect(performance.now() - started).toBeLessThan(8_000);
  });
});

test('in any interleaving every split is given once, numbers have no gap, and nothing follows the end', () => {
  const actions = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('ask'), subtask: fc.integer({ min: 0, max: 2 }) }),
      fc.record({ kind: fc.constant('find'), count: fc.integer({ min: 0, max: 3 }) }),
    ),
  );
  fc.assert(
    fc.property(fc.constantFrom('eager' as const, 'on-request' as const), actions, (mode, list) => {
      let step = beginAssignment({ mode, parallelism: 3, splits: [], isComplete: false });
      let names = 0;
      const orders: SplitOrder[] = [];
      const take = (next: SplitStep): void => {
        step = next;
        orders.push(...next.orders);
      };
      for (const action of list) {
        if ('subtask' in action) {
          take(onSplitRequest(step.state, parseSubtaskIndex(action.subtask)));
        } else {
          take(
            onSplitsFound(step.state, splits(...Array.from({ length: action.count }, () => `s${(names += 1)}`)), false),
          );
        }
      }
      take(onSplitsFound(step.state, [], true));
      for (let i = 0; i <= names; i += 1) {
        take(onSplitRequest(step.state, parseSubtaskIndex(i % 3)));
      }
      [0, 1, 2].forEach((reader) => {
        take(onSplitRequest(step.state, parseSubtaskIndex(reader)));
      });

      const given = orders.flatMap((order) => order.splits.map(({ id }) => id));
      expect(new Set(given).size).toBe(given.length);
      expect(given).toHaveLength(names);
      for (const reader of [0, 1, 2]) {
        const own = orders.filter((order) => order.subtask === reader);
        expect(own.map((order) => order.assignment)).toStrictEqual(own.map((_, i) => i + 1));
        expect(own.filter((order) => order.noMore)).toHaveLength(1);
        expect(own.at(-1)?.noMore).toBe(true);
      }
    }),
  );
});

function ask(from: SplitStep, ...subtasks: readonly number[]): readonly string[] {
  let step = from;
  const said: string[] = [];
  for (const subtask of subtasks) {
    step = onSplitRequest(step.state, parseSubtaskIndex(subtask));
    said.push(...step.orders.map(show));
  }
  return said;
}

function show({ subtask, assignment, splits: given, noMore }: SplitOrder): string {
  return `${subtask}#${assignment} ${given.map(({ id }) => id).join(',')}${noMore ? ' end' : ''}`;
}

function splits(...ids: readonly string[]): readonly SplitState[] {
  return ids.map((id) => ({ id: parseSplitId(id), position: '0' }));
}
