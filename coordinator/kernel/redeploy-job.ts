import type { Failure } from '../../shared/failure/failure.ts';
import type { RedeployEvent } from '../jobs/job-events.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { isDeployed } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import type { Member } from '../membership/members.ts';
import type { KernelDraft } from './kernel-draft.ts';
import type { KernelState } from './kernel-state.ts';
import { askRunning, availableTo, freeSlots, ownSlots } from './scale-jobs.ts';

/** A job that runs is not ended for one that could not begin: there must be slots for it, its own among them. */
export function redeployJob(draft: KernelDraft, event: RedeployEvent): void {
  const { jobId, request, spec } = event;
  const job = draft.state.jobs.get(jobId);
  const missing = job === undefined ? 0 : missingSlots(draft.state, job, spec ?? job.spec);
  if (job?.kind === 'running' && missing > 0) {
    if (request !== undefined) {
      draft.send({
        kind: 'answer-redeploy',
        request,
        answer: { kind: 'refused', failure: tooFew(spec ?? job.spec, missing) },
      });
    }
    return;
  }
  draft.job(jobId, event);
}

/**
 * What runs on members that want to leave goes on elsewhere, one job after the other: each then finds the slots that the one before
 * has left. A reactive job goes on with what there is elsewhere. A member whose jobs have no other place leaves as if it had said
 * goodbye.
 */
export function drainMembers(draft: KernelDraft): void {
  for (const member of draft.state.membership.members.values()) {
    if (member.isDraining === true && !draft.state.membership.absent.has(member.id)) {
      drain(draft, member);
    }
  }
}

function drain(draft: KernelDraft, { id }: Member): void {
  const jobs = [...draft.state.jobs.values()].filter(
    (job) => isDeployed(job) && job.run.places.some(({ taskManager }) => taskManager === id),
  );
  const isMoving = jobs.some((job) => job.kind !== 'running' || job.planned !== undefined);
  const next = jobs.find((job) => job.kind === 'running');
  if (isMoving || next === undefined) {
    return;
  }
  const isShort = missingSlots(draft.state, next, next.spec) > 0;
  if (isShort && next.spec.reactive !== undefined) {
    const elsewhere = availableTo(draft.state, next);
    if (elsewhere >= next.spec.reactive.slotsAtLeast) {
      askRunning(draft, next, elsewhere);
      return;
    }
  }
  if (isShort) {
    const why = 'it is to end, and there are too few slots elsewhere for what runs there';
    draft.membership({ kind: 'drop', taskManager: id, why });
    return;
  }
  const { jobId } = next.spec;
  draft.job(jobId, { kind: 'redeploy', jobId, request: undefined, spec: undefined, purpose: 'task-manager-leaves' });
}

/** How many slots more than there are the job would need, were its present attempt over. */
function missingSlots(state: KernelState, job: Job, { slotsNeeded }: JobSpec): number {
  return Math.max(0, slotsNeeded - freeSlots(state) - ownSlots(state, job));
}

function tooFew({ slotsNeeded }: JobSpec, missing: number): Failure {
  return {
    code: 'too-few-slots',
    reaction: 'retry',
    message: `The job would need ${slotsNeeded} slots: ${missing} more than are free or its own.`,
    remedy: `Start task managers with ${missing} more slots, cancel another job, or ask for less.`,
  };
}
