import { required } from '../../shared/invariant.ts';
import { failpoint } from '../../shared/failpoints/failpoint.ts';
import { formatFailure, StreamError } from '../../shared/failure/failure.ts';
import type { JobId, OperatorUid } from '../../shared/ids.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import type { AbandonSend, CommitSend } from '../commits/commit-events.ts';
import { callOutside } from './call-outside.ts';
import type { CallResult } from './call-outside.ts';
import type { EffectDeps } from './perform-effects.ts';

type CommitterDeps = Pick<EffectDeps, 'connectors' | 'clock' | 'raise' | 'logger'>;

/** All committables of a sink at once: renames of many files, or transactions of all subtasks. */
const COMMIT_DEADLINE_MS = 60_000;
/** The ids of one sink's attempt: a handful of calls for each subtask. */
const ABANDON_DEADLINE_MS = 30_000;

/**
 * Answers name checkpoint or attempt, whose numbers no later job of the same id uses again: one that comes after the end of its
 * job says nothing to another.
 */
export async function commit(effect: CommitSend, deps: CommitterDeps, signal: AbortSignal): Promise<void> {
  const { jobId, checkpoint, sink, tries, committables } = effect;
  failpoint('coordinator.before-commit');
  const call: CommitterCall = {
    jobId,
    sink,
    what: `the commit of sink ${sink}`,
    deadlineMs: COMMIT_DEADLINE_MS,
    run: async (committer, calling) => {
      await committer.commit(committables, calling);
    },
  };
  const result = await callCommitter(call, deps, signal);
  if (result.kind === 'done') {
    failpoint('coordinator.during-commit');
    deps.raise({ kind: 'committed', jobId, checkpoint, sink, tries });
  } else if (result.kind === 'failed') {
    const { failure } = result;
    const which = { jobId, checkpoint: checkpoint.toString(), sink, tries };
    deps.logger.warn('commit-failed', { ...which, code: failure.code, failure: formatFailure(failure) });
    deps.raise({ kind: 'commit-failed', jobId, checkpoint, sink, tries, failure });
  }
}

export async function abandon(effect: AbandonSend, deps: CommitterDeps, signal: AbortSignal): Promise<void> {
  const { jobId, sink, tries, attempt: abandoned } = effect;
  const { attempt } = abandoned;
  const call: CommitterCall = {
    jobId,
    sink,
    what: `abandoning attempt ${attempt} of sink ${sink}`,
    deadlineMs: ABANDON_DEADLINE_MS,
    run: async (committer, calling) => {
      await committer.abandon(abandoned, calling);
    },
  };
  const result = await callCommitter(call, deps, signal);
  if (result.kind === 'done') {
    deps.raise({ kind: 'abandoned', jobId, attempt, sink, tries });
  } else if (result.kind === 'failed') {
    const { failure } = result;
    const which = { jobId, attempt, sink, tries };
    deps.logger.warn('abandon-failed', { ...which, code: failure.code, failure: formatFailure(failure) });
    deps.raise({ kind: 'abandon-failed', jobId, attempt, sink, tries, failure });
  }
}

interface CommitterCall {
  readonly jobId: JobId;
  readonly sink: OperatorUid;
  readonly what: string;
  readonly deadlineMs: number;
  readonly run: (committer: SinkCommitter, signal: AbortSignal) => Promise<void>;
}

async function callCommitter(
  { jobId, sink, what, deadlineMs, run }: CommitterCall,
  { connectors, clock }: CommitterDeps,
  signal: AbortSignal,
): Promise<CallResult<void>> {
  const call = async (calling: AbortSignal): Promise<void> => {
    const open = connectors.get(jobId);
    if (open === undefined) {
      throw new StreamError(withoutConnectors(jobId));
    }
    await run(required(open.committers.get(sink), `the committer of ${sink}`), calling);
  };
  return await callOutside({ what, deadlineMs, call }, clock, signal);
}

function withoutConnectors(jobId: JobId): ConstructorParameters<typeof StreamError>[0] {
  return {
    code: 'job-without-connectors',
    reaction: 'retry',
    message: `The connectors of job "${jobId}" could not be made after this coordinator began to lead, so its output waits.`,
    remedy: "See this coordinator's log for the cause, remove it, and restart the coordinator.",
  };
}
