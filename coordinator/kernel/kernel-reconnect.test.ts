import { expect, test } from 'vitest';
import { KernelDriver, specOf } from './kernel-testing.ts';

test('a task manager whose first registration with a new leader came too late for it is adopted by its second', () => {
  const former = new KernelDriver();
  former.join(1, 1);
  former.join(2, 1);
  former.run(specOf('j'));
  const kernel = new KernelDriver({}, former);
  kernel.probes = 'alive';
  // It gave the first up and made a second while the leader read its jobs; both are waiting when that is done.
  kernel.rejoin(1, 'j');
  kernel.leave(1);
  const between = kernel.job('j').kind;
  kernel.rejoin(1, 'j');
  kernel.rejoin(2, 'j');

  expect(between).toBe('recovering');
  expect(kernel.job('j')).toMatchObject({ kind: 'running', lastAttempt: 1, restarts: { total: 0 } });
});

test('a task manager that left again while a new leader waited for the others, and is dead, costs the attempt', () => {
  const former = new KernelDriver();
  former.join(1, 1);
  former.join(2, 1);
  former.run(specOf('j'));
  const kernel = new KernelDriver({}, former);
  kernel.rejoin(1, 'j');
  kernel.leave(1);

  expect(kernel.job('j')).toMatchObject({ kind: 'waiting-for-slots', restarts: { total: 1 } });
});
