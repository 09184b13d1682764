import type { Clock } from '../../shared/clock/clock.ts';
import type { SinkCommittables } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { required } from '../../shared/invariant.ts';
import { committablesIn } from '../checkpoints/open-checkpoints.ts';
import { condemnedSinks, withCondemned } from '../jobs/attempt-record.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import type { LoadedJob } from '../jobs/recover-job.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';
import { callOutside } from '../runtime/call-outside.ts';
import type { OutsideCall } from '../runtime/call-outside.ts';
import { closeConnectors } from '../runtime/job-connectors.ts';
import type { JobConnectors } from '../runtime/job-connectors.ts';
import { changesOf, checkpointChange } from '../runtime/record-changes.ts';
import type { RecordWriter } from '../runtime/record-writer.ts';

/**
 * Ends the prepared output of a job that is down, by hand and under the leader's fence: whoever calls this leads, so that no
 * coordinator does the same beside it, and every record is written with this leader's epoch.
 *
 * T1  What a pointer without marker covers is owed: it is committed, then the marker is written; never the other way round.
 * T2  Nothing owed is dropped unless the caller accepts the loss; then the marker says that it is settled.
 * T3  Before anything is dropped the attempt is condemned, and stays listed: task managers that still run it are never adopted,
 *     and the next coordinator abandons it once more.
 */
export interface SettleDeps {
  readonly remakeConnectors: (spec: JobSpec, signal: AbortSignal) => Promise<JobConnectors>;
  readonly writer: RecordWriter;
  readonly clock: Clock;
}

/** Of one sink's commit or abandonment. */
const CALL_DEADLINE_MS = 60_000;
const REPEAT: RetryBackoff = { firstMs: 100, mostMs: 2_000, triesMax: 20 };

/** T1; empty: nothing. */
export function owedBy({ stored, terminal }: LoadedJob): readonly SinkCommittables[] {
  const { pointer, marker } = stored;
  return terminal !== undefined || pointer === undefined || marker === pointer.pointer.checkpoint
    ? []
    : committablesIn(pointer.metadata);
}

/** Commits what is owed; returns how many that were. @throws StreamError */
export async function commitOwed(job: LoadedJob, deps: SettleDeps, signal: AbortSignal): Promise<number> {
  const owed = owedBy(job);
  if (owed.length === 0) {
    return 0;
  }
  await withConnectors(job, deps, signal, async ({ committers }) => {
    for (const { sink, committables } of owed) {
      const committer = required(committers.get(sink), `the committer of sink ${sink}`);
      const commit = async (calling: AbortSignal): Promise<void> => {
        await committer.commit(committables, calling);
      };
      await repeatedly(
        { what: `the commit of sink ${sink}`, deadlineMs: CALL_DEADLINE_MS, call: commit },
        deps,
        signal,
      );
    }
  });
  await writeMarker(job, deps, signal);
  return owed.reduce((sum, { committables }) => sum + committables.length, 0);
}

/** Drops what no checkpoint covers, and with `acceptsLoss` what is owed too; returns the attempts. @throws StreamError */
export async function abortPrepared(
  job: LoadedJob,
  acceptsLoss: boolean,
  deps: SettleDeps,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const { jobId } = job.record.spec;
  const owed = owedBy(job);
  if (owed.length > 0 && !acceptsLoss) {
    throw new StreamError(outputOwed(job, owed));
  }
  const attempts = withCondemned(job.attempts);
  await deps.writer.write(changesOf({ kind: 'put-attempts', jobId, attempts }), signal);
  await withConnectors(job, deps, signal, async ({ committers }) => {
    for (const { sink, attempt } of condemnedSinks(attempts)) {
      const committer = required(committers.get(sink), `the committer of sink ${sink}`);
      const abandon = async (calling: AbortSignal): Promise<void> => {
        await committer.abandon(attempt, calling);
      };
      const what = `abandoning attempt ${attempt.attempt} of sink ${sink}`;
      await repeatedly({ what, deadlineMs: CALL_DEADLINE_MS, call: abandon }, deps, signal);
    }
  });
  if (owed.length > 0) {
    await writeMarker(job, deps, signal);
  }
  return attempts.condemned.map(({ number }) => number);
}

async function writeMarker({ record, stored }: LoadedJob, { writer }: SettleDeps, signal: AbortSignal): Promise<void> {
  const { checkpoint } = required(stored.pointer, 'the pointer of what is owed').pointer;
  await writer.write([checkpointChange(record.spec.jobId, { kind: 'marker', checkpoint })], signal);
}

async function withConnectors(
  { record }: LoadedJob,
  { remakeConnectors }: SettleDeps,
  signal: AbortSignal,
  work: (connectors: JobConnectors) => Promise<void>,
): Promise<void> {
  const connectors = await remakeConnectors(record.spec, signal);
  try {
    await work(connectors);
  } finally {
    await closeConnectors(connectors);
  }
}

async function repeatedly(call: OutsideCall<void>, { clock }: SettleDeps, signal: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const result = await callOutside(call, clock, signal);
    if (result.kind === 'done') {
      return;
    }
    signal.throwIfAborted();
    if (result.kind === 'failed' && (result.failure.reaction !== 'retry' || tries >= REPEAT.triesMax)) {
      throw new StreamError(result.failure);
    }
    await clock.sleep(backoffMs(REPEAT, tries), signal);
  }
}

function outputOwed(
  { record, stored }: LoadedJob,
  owed: readonly SinkCommittables[],
): ConstructorParameters<typeof StreamError>[0] {
  const { jobId } = record.spec;
  const count = owed.reduce((sum, { committables }) => sum + committables.length, 0);
  return {
    code: 'transactions-owed',
    reaction: 'fail-job',
    message: `Checkpoint ${stored.pointer?.pointer.checkpoint ?? ''} of job "${jobId}" completed, and ${count} prepared outputs of it are not committed yet: to drop them is to lose records.`,
    remedy: `Commit them first (nerve txn commit ${jobId}), or accept the loss with --accept-loss.`,
  };
}
