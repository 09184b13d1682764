import type { Instant } from '../membership/members.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import { WRITE_BACKOFF } from './checkpoint-settings.ts';

/**
 * A write that is asked for until its answer is definite.
 *
 * W1  At most one copy is asked for at a time, and every copy is the same.
 * W2  Until the answer is definite nothing that depends on it is done, aborted, deleted or announced: a delayed copy may
 *     still land, so no read can tell.
 */
export type WriteProgress =
  | { readonly kind: 'asked'; readonly tries: number }
  | { readonly kind: 'ambiguous'; readonly tries: number; readonly retryAt: Instant };

export const FIRST_TRY: WriteProgress = { kind: 'asked', tries: 1 };

export function onAmbiguous({ tries }: WriteProgress, now: Instant): WriteProgress {
  return { kind: 'ambiguous', tries, retryAt: now + backoffMs(WRITE_BACKOFF, tries) };
}

/** The progress with the next copy asked for, if it is time for it. */
export function dueRepeat(write: WriteProgress, now: Instant): WriteProgress | undefined {
  return write.kind === 'ambiguous' && write.retryAt <= now ? { kind: 'asked', tries: write.tries + 1 } : undefined;
}
