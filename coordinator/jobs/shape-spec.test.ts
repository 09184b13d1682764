import { expect, test } from 'vitest';
import { specOf, vertexOf } from '../kernel/kernel-testing.ts';
import type { JobSpec } from './job-spec.ts';
import { shapeSpec, shapeSpecAt } from './shape-spec.ts';

const bounds = { least: 1, most: 4 };

test('a reactive job is drawn at the greatest parallelism that the slots give, and knows when it could be greater', () => {
  expect(shapeSpec(draw, bounds, 3)).toMatchObject({
    defaultParallelism: 3,
    fingerprint: 'f3',
    reactive: { least: 1, most: 4, slotsAtLeast: 2, slotsAtMost: 4, growsAtSlots: 4 },
  });
  expect(shapeSpec(draw, bounds, 9)?.reactive?.growsAtSlots).toBeUndefined();
  expect(shapeSpec(draw, bounds, 1)).toBeUndefined();
});

test('at a parallelism that is given it is told the same of itself', () => {
  expect(shapeSpecAt(draw, bounds, 3)).toStrictEqual(shapeSpec(draw, bounds, 3));
  expect(shapeSpecAt(draw, bounds, 4)).toStrictEqual(shapeSpec(draw, bounds, 4));
});

/** One operator has a parallelism of its own, two. */
function draw(parallelism: number): JobSpec {
  return specOf('j', {
    defaultParallelism: parallelism,
    fingerprint: `f${parallelism}`,
    slotsNeeded: Math.max(2, parallelism),
    vertices: [vertexOf(Math.max(2, parallelism))],
  });
}
