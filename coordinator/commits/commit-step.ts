import type { SinkCommittables } from '../../shared/control/messages.ts';
import type { Committable } from '../../shared/connector/sink.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointId, JobId, OperatorUid } from '../../shared/ids.ts';
import type { Instant } from '../membership/members.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';
import type { CommitEvent, CommitSend } from './commit-events.ts';

/**
 * Makes the prepared output of one checkpoint visible, sink by sink.
 *
 * I1  The committables are durable before the first commit is sent: the pointer, which names their checkpoint, is written. So
 *     a commit that has begun is always finished, by this coordinator or by the next.
 * I2  Of one sink at most one commit is under way; a failed one is repeated whole (commits are idempotent).
 * I3  It is never given up for what may pass: the committer alone knows when output is lost. `fail-job` ends it, and is loud.
 */
export interface Commits {
  readonly jobId: JobId;
  readonly checkpoint: CheckpointId;
  readonly sinks: ReadonlyMap<OperatorUid, SinkCommit>;
}

export type SinkCommit = {
  readonly committables: readonly Committable[];
  readonly tries: number;
} & (
  | { readonly kind: 'committing' }
  | { readonly kind: 'retrying'; readonly retryAt: Instant }
  | { readonly kind: 'committed' }
);

export interface CommitsGoOn {
  readonly kind: 'going-on';
  readonly commits: Commits;
  readonly send: readonly CommitSend[];
  /** Of a try that will be repeated. */
  readonly failure?: Failure;
}

export type CommitStep =
  CommitsGoOn | { readonly kind: 'broken'; readonly commits: Commits; readonly failure: Failure };

/** 0.1 s, 0.2 s, … 5 s, without end (I3): while a broker is away the transactions' timeouts run. */
export const COMMIT_BACKOFF: RetryBackoff = { firstMs: 100, mostMs: 5_000, triesMax: Number.POSITIVE_INFINITY };

export function beginCommits(
  jobId: JobId,
  checkpoint: CheckpointId,
  reported: readonly SinkCommittables[],
): CommitsGoOn {
  const bySink = new Map<OperatorUid, Committable[]>();
  for (const { sink, committables } of reported) {
    const all = bySink.get(sink) ?? [];
    all.push(...committables);
    bySink.set(sink, all);
  }
  const sinks = new Map<OperatorUid, SinkCommit>();
  const send: CommitSend[] = [];
  for (const [sink, committables] of bySink) {
    if (committables.length > 0) {
      sinks.set(sink, { kind: 'committing', committables, tries: 1 });
      send.push({ kind: 'commit', jobId, checkpoint, sink, tries: 1, committables });
    }
  }
  return { kind: 'going-on', commits: { jobId, checkpoint, sinks }, send };
}

export function onCommitAnswer(commits: Commits, event: CommitEvent, now: Instant): CommitStep {
  const commit = commits.sinks.get(event.sink);
  const isStale = event.checkpoint !== commits.checkpoint || commit?.tries !== event.tries;
  if (isStale || commit.kind !== 'committing') {
    return { kind: 'going-on', commits, send: [] };
  }
  const { committables, tries } = commit;
  if (event.kind === 'committed') {
    return {
      kind: 'going-on',
      commits: withCommit(commits, event.sink, { kind: 'committed', committables, tries }),
      send: [],
    };
  }
  if (event.failure.reaction === 'fail-job') {
    return { kind: 'broken', commits, failure: event.failure };
  }
  const retryAt = now + backoffMs(COMMIT_BACKOFF, tries);
  const next = withCommit(commits, event.sink, { kind: 'retrying', committables, tries, retryAt });
  return { kind: 'going-on', commits: next, send: [], failure: event.failure };
}

export function onCommitTick(commits: Commits, now: Instant): CommitStep {
  let next = commits;
  const send: CommitSend[] = [];
  for (const [sink, commit] of commits.sinks) {
    if (commit.kind === 'retrying' && commit.retryAt <= now) {
      const { committables } = commit;
      const tries = commit.tries + 1;
      next = withCommit(next, sink, { kind: 'committing', committables, tries });
      send.push({ kind: 'commit', jobId: commits.jobId, checkpoint: commits.checkpoint, sink, tries, committables });
    }
  }
  return { kind: 'going-on', commits: next, send };
}

export function areAllCommitted(commits: Commits): boolean {
  return [...commits.sinks.values()].every((commit) => commit.kind === 'committed');
}

function withCommit(commits: Commits, sink: OperatorUid, commit: SinkCommit): Commits {
  return { ...commits, sinks: new Map(commits.sinks).set(sink, commit) };
}
