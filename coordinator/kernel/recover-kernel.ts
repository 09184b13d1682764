import type { UsedNumbers } from '../jobs/job-events.ts';
import { recoverJob } from '../jobs/recover-job.ts';
import type { LoadedJob } from '../jobs/recover-job.ts';
import { KernelDraft } from './kernel-draft.ts';
import type { KernelContext, KernelStep } from './kernel-events.ts';
import { EMPTY_KERNEL } from './kernel-state.ts';
import { forgetEndedJobs } from './submit-job.ts';

/** All that a new leader finds. */
export interface LoadedCluster {
  readonly jobs: readonly LoadedJob[];
  readonly floor: UsedNumbers;
}

/** The first step of a leader: every job as its former leader left it, and what follows from that. */
export function recoverKernel({ jobs, floor }: LoadedCluster, context: KernelContext): KernelStep {
  const settledAt = context.now + context.settings.adoptionTimeoutMs;
  const draft = new KernelDraft({ ...EMPTY_KERNEL, floor, settledAt }, context);
  const inOrder = [...jobs].sort((a, b) => a.record.submittedAtMs - b.record.submittedAtMs);
  inOrder.forEach((loaded) => {
    draft.applyJob(recoverJob(withUsedIds(loaded, floor), context));
  });
  forgetEndedJobs(draft);
  return draft.finish();
}

/** A job that has reserved no checkpoint ids yet begins behind its origin's, and those of an earlier job of the same id. */
function withUsedIds(loaded: LoadedJob, floor: UsedNumbers): LoadedJob {
  const { stored, record } = loaded;
  if (stored.revisions.ids !== 0n) {
    return loaded;
  }
  const origin = record.origin?.checkpoint ?? 0n;
  return { ...loaded, stored: { ...stored, reservedTo: origin > floor.checkpoint ? origin : floor.checkpoint } };
}
