import { expect, test } from 'vitest';
import { KernelDriver, specOf } from './kernel-testing.ts';
import { untilNextTickMs } from './next-tick.ts';

test('the next tick comes when a checkpoint is due, and never later than it would without one', () => {
  const kernel = new KernelDriver();
  const idle = untilNextTickMs(kernel.state, 0, 100);
  kernel.join(1);
  kernel.run(specOf('j'));
  kernel.acknowledge('j', kernel.triggered());

  expect(idle).toBe(100);
  expect([0, 900, 950.5, 1_000, 1_200].map((now) => untilNextTickMs(kernel.state, now, 100))).toStrictEqual([
    100, 100, 50, 100, 100,
  ]);
});
