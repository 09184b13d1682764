import { recordAttempt } from '../jobs/states/deploying.ts';
import { withReason } from '../jobs/states/waiting-for-slots.ts';
import { unchangedJob } from '../jobs/job-events.ts';
import type { Job, WaitingJob } from '../jobs/job.ts';
import { offeringMembers } from '../membership/members.ts';
import type { Instant } from '../membership/members.ts';
import { assignSlots } from '../scheduling/assign-slots.ts';
import { freeSlotsOf, holdSlots } from '../scheduling/slot-ledger.ts';
import type { KernelDraft } from './kernel-draft.ts';
import type { KernelState } from './kernel-state.ts';
import { mayStart } from './scale-jobs.ts';

/**
 * Gives slots to the jobs that wait for them, in the order of their submission, each all it needs or none. A job for which
 * there is too little does not hold up a smaller one behind it. A reactive job is drawn for those that it may have first
 * (scale-jobs.ts). Only when something has changed that could help.
 */
export function scheduleJobs(draft: KernelDraft, before: KernelState): void {
  const { state } = draft;
  const waiting = [...state.jobs.values()].filter((job) => job.kind === 'waiting-for-slots');
  const isNews =
    state.membership.members !== before.membership.members ||
    state.ledger !== before.ledger ||
    waiting.some((job) => isNewsOf(job, before.jobs.get(job.spec.jobId), draft.context.now));
  if (!isNews) {
    return;
  }
  for (const job of waiting) {
    schedule(draft, job);
  }
}

/** It waits only now; or it is reactive, and was drawn anew, or is to be. */
function isNewsOf(job: WaitingJob, before: Job | undefined, now: Instant): boolean {
  if (before?.kind !== 'waiting-for-slots' || job.spec !== before.spec) {
    return true;
  }
  const { asked } = job;
  return asked !== undefined && (now >= asked.askAgainAt || (asked.hasFailed && asked !== before.asked));
}

function schedule(draft: KernelDraft, job: WaitingJob): void {
  if (job.spec.reactive !== undefined && !mayStart(draft, job, job.spec.reactive)) {
    return;
  }
  const { membership, ledger } = draft.state;
  const free = freeSlotsOf(ledger, offeringMembers(membership));
  const decision = assignSlots(job.spec.slotsNeeded, free, job);
  if (decision.kind === 'missing') {
    draft.applyJob(unchangedJob(withReason(job, decision.reason)));
    return;
  }
  const step = recordAttempt(job, decision.places, draft.context);
  if (step.job.kind === 'deploying') {
    const by = { jobId: job.spec.jobId, attempt: step.job.run.number };
    draft.change({ ledger: holdSlots(ledger, decision.places, by) });
  }
  draft.applyJob(step);
}
