import type { AbandonedAttempt } from '../../shared/connector/sink.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobId, OperatorUid } from '../../shared/ids.ts';
import type { Instant } from '../membership/members.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';
import type { AbandonEvent, AbandonSend } from './commit-events.ts';

/**
 * Takes from condemned attempts, sink by sink, the power to make anything visible (DESIGN §8.7).
 *
 * A1  Begun only for attempts that are durably condemned, and none of whose commits is under way or in doubt.
 * A2  Of one attempt and sink at most one call is under way. A failed one is repeated without end: whoever must not wait for
 *     it says so, and leaves the attempt listed as condemned.
 */
export interface Abandonments {
  readonly jobId: JobId;
  readonly beganAt: Instant;
  /** By `<attempt>/<sink>`; those that are done are gone. */
  readonly open: ReadonlyMap<string, OpenAbandonment>;
}

export type OpenAbandonment = {
  readonly sink: OperatorUid;
  readonly attempt: AbandonedAttempt;
  readonly tries: number;
} & ({ readonly kind: 'under-way' } | { readonly kind: 'retrying'; readonly retryAt: Instant });

export interface AbandonStep {
  readonly abandonments: Abandonments;
  readonly send: readonly AbandonSend[];
  /** Of a try that will be repeated. */
  readonly failure?: Failure;
}

/** What of a condemned attempt is still to be abandoned. */
export interface CondemnedSink {
  readonly sink: OperatorUid;
  readonly attempt: AbandonedAttempt;
}

/** 50 ms, 100 ms, … 5 s: an attempt's successor waits for it. */
export const ABANDON_BACKOFF: RetryBackoff = { firstMs: 50, mostMs: 5_000, triesMax: Number.POSITIVE_INFINITY };

export function beginAbandonments(jobId: JobId, condemned: readonly CondemnedSink[], now: Instant): AbandonStep {
  const open = new Map<string, OpenAbandonment>();
  const send: AbandonSend[] = [];
  for (const { sink, attempt } of condemned) {
    open.set(nameOf({ sink, attempt: attempt.attempt }), { kind: 'under-way', sink, attempt, tries: 1 });
    send.push({ kind: 'abandon', jobId, sink, attempt, tries: 1 });
  }
  return { abandonments: { jobId, beganAt: now, open }, send };
}

export function onAbandonAnswer(abandonments: Abandonments, event: AbandonEvent, now: Instant): AbandonStep {
  const name = nameOf(event);
  const asked = abandonments.open.get(name);
  if (asked?.kind !== 'under-way' || asked.tries !== event.tries) {
    return { abandonments, send: [] };
  }
  const open = new Map(abandonments.open);
  if (event.kind === 'abandoned') {
    open.delete(name);
    return { abandonments: { ...abandonments, open }, send: [] };
  }
  open.set(name, { ...asked, kind: 'retrying', retryAt: now + backoffMs(ABANDON_BACKOFF, asked.tries) });
  return { abandonments: { ...abandonments, open }, send: [], failure: event.failure };
}

export function onAbandonTick(abandonments: Abandonments, now: Instant): AbandonStep {
  let open: Map<string, OpenAbandonment> | undefined;
  const send: AbandonSend[] = [];
  for (const [name, asked] of abandonments.open) {
    if (asked.kind === 'retrying' && asked.retryAt <= now) {
      const { sink, attempt } = asked;
      const tries = asked.tries + 1;
      open ??= new Map(abandonments.open);
      open.set(name, { kind: 'under-way', sink, attempt, tries });
      send.push({ kind: 'abandon', jobId: abandonments.jobId, sink, attempt, tries });
    }
  }
  return { abandonments: open === undefined ? abandonments : { ...abandonments, open }, send };
}

function nameOf({ sink, attempt }: { readonly sink: OperatorUid; readonly attempt: number }): string {
  return `${attempt}/${sink}`;
}
