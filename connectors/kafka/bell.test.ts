import { expect, test } from 'vitest';
import { Bell } from './bell.ts';

test('a ring before anyone waits is not lost, and counts once', async () => {
  const bell = new Bell();
  bell.ring();
  bell.ring();
  await bell.rung();
  let isOver = false;
  const second = bell.rung().then(() => {
    isOver = true;
  });
  await Promise.resolve();

  expect(isOver).toBe(false);
  bell.ring();
  await second;
  expect(isOver).toBe(true);
});

test('a broken bell throws the failure at whoever waits', async () => {
  const bell = new Bell();
  bell.break({ code: 'x', reaction: 'fail-job', message: 'broken' });

  await expect(bell.rung()).rejects.toThrow('broken');
});
