import { expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { callOutside } from './call-outside.ts';

const never = new AbortController().signal;

test('gives what the call gives', async () => {
  const call = async (): Promise<number> => await Promise.resolve(7);

  expect(await callOutside({ what: 'it', deadlineMs: 10, call }, new MemoryClock(), never)).toStrictEqual({
    kind: 'done',
    value: 7,
  });
});

test('gives the failure that the call throws', async () => {
  const failure = { code: 'no-topic', reaction: 'fail-job', message: 'no topic' } as const;
  const call = async (): Promise<never> => await Promise.reject(new StreamError(failure));

  expect(await callOutside({ what: 'it', deadlineMs: 10, call }, new MemoryClock(), never)).toStrictEqual({
    kind: 'failed',
    failure,
  });
});

test('gives up at the deadline on a call that does not heed its signal', async () => {
  const clock = new MemoryClock();
  let seen: AbortSignal | undefined;
  const call = async (signal: AbortSignal): Promise<void> => {
    seen = signal;
    await new Promise(() => undefined);
  };
  const result = callOutside({ what: 'the discovery', deadlineMs: 10, call }, clock, never);
  await clock.advance(10);

  expect(await result).toMatchObject({
    kind: 'failed',
    failure: { code: 'connector-deadline', reaction: 'retry', message: 'the discovery took longer than 10 ms.' },
  });
  expect(seen?.aborted).toBe(true);
});

test('ends at once when the process ends', async () => {
  const stop = new AbortController();
  const call = async (): Promise<void> => {
    await new Promise(() => undefined);
  };
  const result = callOutside({ what: 'it', deadlineMs: 10, call }, new MemoryClock(), stop.signal);
  stop.abort();

  expect(await result).toStrictEqual({ kind: 'aborted' });
});

test('does not call at all when the process has ended already', async () => {
  const stop = new AbortController();
  stop.abort();
  let calls = 0;
  const call = async (): Promise<void> => {
    calls += 1;
    await Promise.resolve();
  };

  expect(await callOutside({ what: 'it', deadlineMs: 10, call }, new MemoryClock(), stop.signal)).toStrictEqual({
    kind: 'aborted',
  });
  expect(calls).toBe(0);
});
