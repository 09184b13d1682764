import { setTimeout as delay } from 'node:timers/promises';
import {
  EtcdAuthenticationFailedError,
  EtcdPermissionDeniedError,
  GRPCInvalidArgumentError,
  GRPCNotImplementedError,
  GRPCOutOfRangeError,
  GRPCUnauthenticatedError,
} from 'etcd3';
import type { Etcd3 } from 'etcd3';
import type { Failure } from '../failure/failure.ts';
import type { EtcdMembers } from './etcd-members.ts';

/** How a request to etcd ended. */
export type EtcdAnswer<T> =
  | { readonly kind: 'answered'; readonly value: T }
  /** Etcd said no: certainly nothing was done by this request, and repeating it cannot help by itself. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** It was done, will still be done, or never will be. */
  | { readonly kind: 'unknown'; readonly failure: Failure };

export interface EtcdCall {
  readonly members: EtcdMembers;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** What etcd answers when it has checked a request and will not do it. Its words, since etcd3 drops the codes. */
const REFUSALS = [
  /database space exceeded/,
  /request is too large/,
  /too many operations in txn request/,
  /duplicate key given in txn request/,
  /required revision has been compacted/,
  /user name is empty/,
  /requested lease not found/,
];

/**
 * Waits for a request no longer than its deadline, or until the signal aborts; etcd3 itself waits without a bound for its
 * login. `request` gets gRPC's own options, so that the server is told to stop as well. Never throws. A member of which the
 * answer is not known is not asked the next time.
 */
export async function askEtcd<T>(
  what: string,
  { members, deadlineMs, signal }: EtcdCall,
  request: (etcd: Etcd3, options: { readonly deadline: number }) => Promise<T>,
): Promise<EtcdAnswer<T>> {
  if (signal.aborted) {
    return { kind: 'unknown', failure: aborted(what) };
  }
  const etcd = members.current;
  const answer = await bounded(what, { deadlineMs, signal }, async (options) => await request(etcd, options));
  if (answer.kind === 'unknown') {
    members.suspect(etcd);
  }
  return answer;
}

/**
 * The same for a request that may be done twice, as a read: while its answer is unknown it is repeated, with the next member,
 * until the deadline; a member that hangs takes no more than its share of the time.
 */
export async function repeatEtcd<T>(
  what: string,
  { members, deadlineMs, signal }: EtcdCall,
  request: (etcd: Etcd3, options: { readonly deadline: number }) => Promise<T>,
): Promise<EtcdAnswer<T>> {
  const endAt = performance.now() + deadlineMs;
  const { timeoutMs, endpoints } = members.settings;
  const shareMs = Math.min(timeoutMs, deadlineMs / endpoints.length);
  for (;;) {
    const leftMs = Math.max(0, endAt - performance.now());
    const answer = await askEtcd(what, { members, deadlineMs: Math.min(leftMs, shareMs), signal }, request);
    const isOver = signal.aborted || performance.now() + REPEAT_MS > endAt;
    if (answer.kind !== 'unknown' || isOver) {
      return answer;
    }
    // Aborting is how it is ended early.
    await delay(REPEAT_MS, undefined, { signal }).catch(() => undefined);
  }
}

const REPEAT_MS = 50;

async function bounded<T>(
  what: string,
  { deadlineMs, signal }: Omit<EtcdCall, 'members'>,
  request: (options: { readonly deadline: number }) => Promise<T>,
): Promise<EtcdAnswer<T>> {
  return await new Promise<EtcdAnswer<T>>((resolve) => {
    const end = (answer: EtcdAnswer<T>): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    };
    const onAbort = (): void => {
      end({ kind: 'unknown', failure: aborted(what) });
    };
    const timer = setTimeout(() => {
      end({ kind: 'unknown', failure: late(what, deadlineMs) });
    }, deadlineMs);
    signal.addEventListener('abort', onAbort);
    request({ deadline: Date.now() + deadlineMs }).then(
      (value) => {
        end({ kind: 'answered', value });
      },
      (error: unknown) => {
        end(classify(what, error));
      },
    );
  });
}

/** Of etcd's own words only the first line is kept; keys and values are not in them. */
function classify(what: string, error: unknown): Exclude<EtcdAnswer<never>, { kind: 'answered' }> {
  const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'a value that is no error';
  const isRefusal =
    error instanceof GRPCInvalidArgumentError ||
    error instanceof GRPCOutOfRangeError ||
    error instanceof GRPCNotImplementedError ||
    REFUSALS.some((pattern) => pattern.test(said));
  const isLogin =
    error instanceof EtcdAuthenticationFailedError ||
    error instanceof EtcdPermissionDeniedError ||
    error instanceof GRPCUnauthenticatedError;
  if (isRefusal || isLogin) {
    return { kind: 'refused', failure: refused(what, said, isLogin) };
  }
  return {
    kind: 'unknown',
    failure: {
      code: 'etcd-unavailable',
      reaction: 'retry',
      message: `etcd could not be asked to ${what}: ${said}`,
      remedy: 'Check that etcd has a leader and can be reached (high-availability.etcd.endpoints).',
    },
  };
}

function refused(what: string, said: string, isLogin: boolean): Failure {
  const message = `etcd refused to ${what}: ${said}`;
  if (isLogin) {
    const remedy =
      'Check high-availability.etcd.username and .password, and that this user may read and write the prefix.';
    return { code: 'etcd-login-refused', reaction: 'fail-job', message, remedy };
  }
  if (said.includes('space exceeded')) {
    const remedy = 'Compact and defragment etcd, raise --quota-backend-bytes, then: etcdctl alarm disarm.';
    return { code: 'etcd-out-of-space', reaction: 'retry', message, remedy };
  }
  return { code: 'etcd-refused', reaction: 'fail-job', message };
}

function late(what: string, deadlineMs: number): Failure {
  return {
    code: 'etcd-timeout',
    reaction: 'retry',
    message: `etcd did not ${what} within ${deadlineMs} ms`,
    remedy: 'Check that etcd has a leader, its disk latency, and the network.',
  };
}

function aborted(what: string): Failure {
  return {
    code: 'etcd-aborted',
    reaction: 'retry',
    message: `the process is ending: it was not waited for etcd to ${what}`,
  };
}
