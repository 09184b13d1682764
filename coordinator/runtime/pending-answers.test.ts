import { expect, test } from 'vitest';
import { PendingAnswers } from './pending-answers.ts';

const never = new AbortController().signal;
const isIn = async (): Promise<boolean> => await Promise.resolve(true);

test('each request gets the answer to its number', async () => {
  const pending = newPending();
  const first = pending.ask(1, isIn, never);
  const second = pending.ask(2, isIn, never);
  pending.answer(2, 'two');
  pending.answer(1, 'one');
  pending.answer(3, 'nobody asked');

  expect(await Promise.all([first, second])).toStrictEqual(['one', 'two']);
});

test('a caller that gives up waits no longer', async () => {
  const pending = newPending();
  const stop = new AbortController();
  const asked = pending.ask(1, isIn, stop.signal);
  stop.abort();

  expect(await asked).toBe('given up');
});

test('at the end everybody is told, also who comes later or could not be let in', async () => {
  const pending = newPending();
  const refused = await pending.ask(1, async () => await Promise.resolve(false), never);
  const waiting = pending.ask(2, isIn, never);
  pending.end();

  expect([refused, await waiting, await pending.ask(3, isIn, never)]).toStrictEqual([
    'stopping',
    'stopping',
    'stopping',
  ]);
});

function newPending(): PendingAnswers<string> {
  return new PendingAnswers({ givenUp: 'given up', stopping: 'stopping' });
}
