import type { Clock } from '../../shared/clock/clock.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';

export type CallResult<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The process is ending. */
  | { readonly kind: 'aborted' };

export interface OutsideCall<T> {
  /** For the failure: `the discovery of source raw`. */
  readonly what: string;
  readonly deadlineMs: number;
  readonly call: (signal: AbortSignal) => Promise<T>;
}

/**
 * Calls a connector with a deadline. A call that does not heed its signal is abandoned at the deadline: it holds up nobody,
 * and what it answers later is dropped.
 */
export async function callOutside<T>(
  { what, deadlineMs, call }: OutsideCall<T>,
  clock: Clock,
  signal: AbortSignal,
): Promise<CallResult<T>> {
  if (signal.aborted) {
    return { kind: 'aborted' };
  }
  const ending = new AbortController();
  const calling = new AbortController();
  const abort = (): void => {
    ending.abort();
    calling.abort();
  };
  signal.addEventListener('abort', abort);
  const answer = attempt(async () => await call(calling.signal), what);
  const timeout = clock.sleep(deadlineMs, ending.signal).then((): CallResult<T> => {
    if (signal.aborted) {
      return { kind: 'aborted' };
    }
    return { kind: 'failed', failure: deadlineFailure(what, deadlineMs) };
  });
  try {
    return await first(answer, timeout);
  } finally {
    signal.removeEventListener('abort', abort);
    abort();
  }
}

async function attempt<T>(call: () => Promise<T>, what: string): Promise<CallResult<T>> {
  try {
    return { kind: 'done', value: await call() };
  } catch (error) {
    return { kind: 'failed', failure: classifyUnknown(error, what) };
  }
}

async function first<T>(a: Promise<T>, b: Promise<T>): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    a.then(resolve, reject);
    b.then(resolve, reject);
  });
}

function deadlineFailure(what: string, deadlineMs: number): Failure {
  return {
    code: 'connector-deadline',
    reaction: 'retry',
    message: `${what} took longer than ${deadlineMs} ms.`,
    remedy: 'See whether the system it talks to answers; it is tried again.',
  };
}
