import type { CollectedJob as WireJob } from '../../proto/generated/nerve/v1/CollectedJob.ts';
import type { CollectedObjects } from '../../proto/generated/nerve/v1/CollectedObjects.ts';
import type { CollectGarbageResponse } from '../../proto/generated/nerve/v1/CollectGarbageResponse.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { failureToWire } from '../../shared/wire/failure-wire.ts';
import type { CoordinatorLoop } from '../runtime/coordinator-loop.ts';
import { collectGarbage } from '../savepoints/collect-garbage.ts';
import type { Collected, CollectedJob, CollectRequest, JobLedger } from '../savepoints/collect-garbage.ts';
import type { Garbage } from '../savepoints/plan-garbage.ts';
import { factsOfUnknown, jobFacts } from './job-facts.ts';
import type { SnapshotDeps } from './snapshot-deps.ts';

/** Keys that are told of each kind: enough to look at, few enough to send. */
const KEYS_MAX = 100;

export interface GarbageDeps {
  readonly loop: CoordinatorLoop;
  readonly snapshots: SnapshotDeps;
}

/** @throws StreamError `coordinator-fenced` when someone newer leads: nothing was deleted */
export async function collectJobGarbage(
  request: CollectRequest,
  deps: GarbageDeps,
  signal: AbortSignal,
): Promise<Collected> {
  const { loop, snapshots } = deps;
  const { checkpoints: store, copies, callMs } = snapshots;
  const collecting = { store, ledger: ledgerOf(deps), leaderEpoch: loop.epoch, inUse: () => copies, callMs };
  const collected = await collectGarbage(request, collecting, signal);
  if (collected === undefined) {
    throw new StreamError({
      code: 'coordinator-fenced',
      reaction: 'stop-quietly',
      message: 'another coordinator leads now; nothing was deleted.',
      remedy: 'Ask again: that one will answer.',
    });
  }
  return collected;
}

/** A transaction that writes nothing compares the leader's epoch all the same (job-store.ts S1). */
function ledgerOf({ loop, snapshots: { jobStore, callMs } }: GarbageDeps): JobLedger {
  return {
    confirmLeadership: async (signal) => {
      const call = { deadlineMs: callMs, signal };
      const answer = await jobStore.transact({ epoch: loop.epoch, writes: [], compares: [] }, call);
      if (answer.kind === 'ambiguous' || answer.kind === 'refused') {
        throw new StreamError(answer.failure);
      }
      return answer.kind === 'done';
    },
    facts: () => [...loop.state.jobs.values()].map(jobFacts),
    factsOfUnknown,
  };
}

export function collectedToWire({ jobs, unknownJobs }: Collected): CollectGarbageResponse {
  return { jobs: jobs.map(jobToWire), unknownJobs: [...unknownJobs] };
}

function jobToWire({ jobId, garbage, kept, failure }: CollectedJob): WireJob {
  return {
    jobId,
    garbage: byReason(garbage),
    keptObjects: kept.length,
    keptBytes: bytesOf(kept),
    failure: failure === undefined ? null : failureToWire(failure),
  };
}

function byReason(garbage: readonly Garbage[]): CollectedObjects[] {
  return [...Map.groupBy(garbage, ({ reason }) => reason)].map(([reason, objects]) => ({
    reason,
    objects: objects.length,
    bytes: bytesOf(objects),
    keys: objects.slice(0, KEYS_MAX).map(({ key }) => key),
  }));
}

function bytesOf(objects: readonly { readonly bytes: number }[]): number {
  return objects.reduce((sum, { bytes }) => sum + bytes, 0);
}
