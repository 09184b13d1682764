import { expect, test } from 'vitest';
import { FetchedSplits } from './fetched-splits.ts';
import { splitIdOf } from './split-position.ts';

function threeSplits(): FetchedSplits {
  const splits = new FetchedSplits();
  for (const partition of [0, 1, 2]) {
    splits.add({ topic: 't', partition, next: 0n, end: undefined });
  }
  return splits;
}

test('a split is lost until a broker leads it, and again when nothing is fetched from that broker any more', () => {
  const splits = threeSplits();
  const [first, second] = splits.lost();
  first!.nodeId = 7;
  second!.nodeId = 8;

  expect(splits.lost().map(({ id }) => id)).toStrictEqual(['t-2']);
  expect(splits.ledBy(7).map(({ id }) => id)).toStrictEqual(['t-0']);
  splits.loseAllOf(7);
  expect(splits.lost().map(({ id }) => id)).toStrictEqual(['t-0', 't-2']);
});

test('the splits of a broker take turns at the head of a request', () => {
  const splits = threeSplits();
  for (const split of splits.lost()) {
    split.nodeId = 7;
  }

  const heads = [1, 2, 3].map(() => splits.inTurn(7)[0]?.id);

  expect(new Set(heads).size).toBe(3);
  expect(splits.inTurn(7)).toHaveLength(3);
  expect(splits.inTurn(8)).toHaveLength(0);
});

test('a deleted split is neither led nor lost', () => {
  const splits = threeSplits();
  splits.delete(splitIdOf('t', 1));

  expect(splits.get(splitIdOf('t', 1))).toBeUndefined();
  expect(splits.lost()).toHaveLength(2);
});
