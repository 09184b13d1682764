import { unreachable } from '../../shared/invariant.ts';
import type { Discovery } from '../../shared/connector/source.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { VertexId } from '../../shared/ids.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import { onNewSplits } from './assign-splits.ts';
import { failAttempt } from './fail-attempt.ts';
import type { DiscoveryEvent, JobContext, JobSend, JobStep } from './job-events.ts';
import { unchangedJob } from './job-events.ts';
import { recordOf } from './job-record.ts';
import { hasEnded } from './job.ts';
import type { Job, RunningJob } from './job.ts';
import { chooseNewSplits, DISCOVERY_BACKOFF, isDiscoveryDue, knownSplits, UNDISCOVERED } from './source-progress.ts';
import type { SourceProgress } from './source-progress.ts';

/** Sends a discovery for each source that is due one. Only while the job runs: every reader is ready then. */
export function discoverDue(job: RunningJob, context: JobContext): JobStep {
  let next = job;
  const send: JobSend[] = [];
  for (const [vertex, progress] of job.sources) {
    if (isDiscoveryDue(progress, context.now)) {
      next = withProgress(next, vertex, { ...progress, discovery: { kind: 'under-way' } });
      send.push({ kind: 'discover', jobId: job.spec.jobId, vertex, known: knownSplits(progress) });
    }
  }
  return { ...unchangedJob(next), send };
}

/**
 * A discovery belongs to the job, not to an attempt: what it found is recorded in every state but the final ones, and the
 * next attempt begins with it.
 */
export function onDiscovery(job: Job, event: DiscoveryEvent, context: JobContext): JobStep {
  const progress = job.sources.get(event.vertex);
  if (progress?.discovery.kind !== 'under-way' || hasEnded(job)) {
    return unchangedJob(job);
  }
  switch (event.kind) {
    case 'discovered':
      return onDiscovered(job, event.vertex, { progress, found: event.discovery }, context);
    case 'discovery-failed':
      return onFailed(job, event.vertex, { progress, failure: event.failure }, context);
    default:
      return unreachable(event);
  }
}

function onDiscovered(
  job: Job,
  vertex: VertexId,
  { progress, found }: { readonly progress: SourceProgress; readonly found: Discovery },
  context: JobContext,
): JobStep {
  const splits = chooseNewSplits(progress, found);
  const intervalMs = job.spec.sources.find((source) => source.vertex === vertex)?.discoveryIntervalMs;
  const isComplete = progress.isComplete || found.isComplete;
  const next = withProgress(job, vertex, {
    ...progress,
    splits: [...progress.splits, ...splits],
    isComplete,
    discovery:
      isComplete || intervalMs === undefined ? { kind: 'over' } : { kind: 'later', at: context.now + intervalMs },
    failures: 0,
  });
  const isNews = splits.length > 0 || isComplete !== progress.isComplete;
  if (splits.length > 0 && bytesOf(next) > SPLITS_BYTES_MAX) {
    return onTooMany(job, vertex, context);
  }
  const step =
    next.kind === 'running' && isNews ? onNewSplits(next, vertex, { splits, isComplete }) : unchangedJob(next);
  // source-progress.ts I1: start positions are durable before a reader is given them.
  return isNews ? { ...step, persist: [{ kind: 'put-job', record: recordOf(step.job) }] } : step;
}

/**
 * What of a job is stored under its own key must fit into one transaction of the job store (check-transaction.ts), with room for
 * the rest. A record that does not would hold up every job.
 */
const SPLITS_BYTES_MAX = 600_000;
/** Quotes and names around a split's id and position. */
const SPLIT_FRAME_BYTES = 30;

function bytesOf({ sources }: Job): number {
  let bytes = 0;
  for (const { splits } of sources.values()) {
    for (const { id, position } of splits) {
      bytes += id.length + position.length + SPLIT_FRAME_BYTES;
    }
  }
  return bytes;
}

function onTooMany(job: Job, vertex: VertexId, context: JobContext): JobStep {
  const failure: Failure = {
    code: 'too-many-splits',
    reaction: 'fail-job',
    message: `The source ${vertex} has more splits than the records of a job can hold (${SPLITS_BYTES_MAX} bytes of names).`,
    remedy: 'Join small files into larger ones, or read them in several jobs.',
  };
  const isActive = job.kind === 'running' || job.kind === 'deploying' || job.kind === 'recovering';
  const over = withProgress(job, vertex, { ...(job.sources.get(vertex) ?? UNDISCOVERED), discovery: { kind: 'due' } });
  return isActive
    ? failAttempt({ ...job, sources: over.sources }, { where: `discovery of ${vertex}`, failure }, context)
    : unchangedJob(over);
}

function onFailed(
  job: Job,
  vertex: VertexId,
  { progress, failure }: { readonly progress: SourceProgress; readonly failure: Failure },
  context: JobContext,
): JobStep {
  const failures = progress.failures + 1;
  const isFirst = progress.splits.length === 0 && !progress.isComplete;
  const escalates = failure.reaction !== 'retry' || (isFirst && failures >= DISCOVERY_BACKOFF.triesMax);
  if (escalates && (job.kind === 'running' || job.kind === 'deploying')) {
    const reset = withProgress(job, vertex, { ...progress, discovery: { kind: 'due' }, failures: 0 });
    return failAttempt(reset, { where: `discovery of ${vertex}`, failure }, context);
  }
  const at = context.now + backoffMs(DISCOVERY_BACKOFF, failures);
  return unchangedJob(withProgress(job, vertex, { ...progress, discovery: { kind: 'later', at }, failures }));
}

function withProgress<J extends Job>(job: J, vertex: VertexId, progress: SourceProgress): J {
  return { ...job, sources: new Map(job.sources).set(vertex, progress) };
}
