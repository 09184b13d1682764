import { unreachable } from '../../shared/invariant.ts';
import { memberOn } from '../membership/members.ts';
import { hasEnded } from '../jobs/job.ts';
import { KernelDraft } from './kernel-draft.ts';
import type { FromMember, KernelContext, KernelEvent, KernelStep } from './kernel-events.ts';
import type { KernelState } from './kernel-state.ts';
import { drainMembers, redeployJob } from './redeploy-job.ts';
import { growJobs, onShaped } from './scale-jobs.ts';
import { scheduleJobs } from './schedule-jobs.ts';
import { forgetEndedJobs, submitJob } from './submit-job.ts';

/**
 * The coordinator as a value: one event in; the next state, what must be durable, and what is to be sent out.
 *
 * I1  Deterministic: the same state, event and context give the same step. Time and randomness come in the context.
 * I2  The work for one event is bounded by the parts it is about: a report costs one vertex of one job, a tick every job and
 *     member once. A job that keeps failing costs the others nothing but its own events.
 * I3  Only a member's present connection can say something about attempts; older connections are deaf and dumb.
 */
export function kernelStep(state: KernelState, event: KernelEvent, context: KernelContext): KernelStep {
  const draft = new KernelDraft(state, context);
  apply(draft, event);
  scheduleJobs(draft, state);
  if (draft.state.jobs !== state.jobs) {
    forgetEndedJobs(draft);
  }
  return draft.finish();
}

function apply(draft: KernelDraft, event: KernelEvent): void {
  switch (event.kind) {
    case 'register':
    case 'connection-lost':
    case 'probed':
    case 'goodbye':
    case 'drop':
      draft.membership(event);
      return;
    case 'draining':
      draft.membership(event);
      drainMembers(draft);
      return;
    case 'tick':
      draft.membership(event);
      tickJobs(draft);
      drainMembers(draft);
      growJobs(draft);
      return;
    case 'task-report':
    case 'split-request':
    case 'attempt-failed':
    case 'attempt-ended':
    case 'acknowledge-checkpoint':
    case 'decline-checkpoint':
    case 'checkpoint-progress':
    case 'checkpoint-wanted':
      fromMember(draft, event);
      return;
    case 'submit':
      submitJob(draft, event);
      return;
    case 'redeploy':
      redeployJob(draft, event);
      return;
    case 'job-shaped':
    case 'job-not-shaped':
      onShaped(draft, event);
      return;
    default:
      draft.job(event.jobId, event);
  }
}

function tickJobs(draft: KernelDraft): void {
  for (const job of draft.state.jobs.values()) {
    if (!hasEnded(job)) {
      draft.job(job.spec.jobId, { kind: 'tick' });
    }
  }
}

function fromMember(draft: KernelDraft, event: FromMember): void {
  const from = memberOn(draft.state.membership, event.connection)?.id;
  if (from === undefined) {
    return;
  }
  switch (event.kind) {
    case 'task-report':
      draft.job(event.report.jobId, { kind: 'task-report', from, report: event.report });
      return;
    case 'split-request': {
      const { jobId, attempt, vertex, subtask } = event;
      draft.job(jobId, { kind: 'split-request', from, jobId, attempt, vertex, subtask });
      return;
    }
    case 'attempt-failed': {
      const { jobId, attempt, failure } = event;
      draft.job(jobId, { kind: 'attempt-failed', from, jobId, attempt, failure });
      return;
    }
    case 'attempt-ended': {
      const { jobId, attempt } = event;
      draft.release(from, { jobId, attempt });
      draft.job(jobId, { kind: 'attempt-ended', from, jobId, attempt });
      return;
    }
    case 'acknowledge-checkpoint':
    case 'decline-checkpoint':
    case 'checkpoint-progress':
    case 'checkpoint-wanted':
      draft.job(event.jobId, { kind: 'checkpoint-report', from, report: event });
      return;
    default:
      unreachable(event);
  }
}
