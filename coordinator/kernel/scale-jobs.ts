import { isDeployed } from '../jobs/job.ts';
import type { Job, RunningJob, WaitingJob } from '../jobs/job.ts';
import { unchangedJob } from '../jobs/job-events.ts';
import type { RedeployPurpose } from '../jobs/job-events.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { askShape, mayAsk } from '../jobs/scaling.ts';
import type { AskedShape } from '../jobs/scaling.ts';
import { withReason } from '../jobs/states/waiting-for-slots.ts';
import { offeringMembers } from '../membership/members.ts';
import { decideGrowth, decideStart } from '../scheduling/scale-reactive.ts';
import type { ReactiveShape } from '../scheduling/scale-reactive.ts';
import { freeSlotsOf } from '../scheduling/slot-ledger.ts';
import type { KernelDraft } from './kernel-draft.ts';
import type { ShapedEvent } from './kernel-events.ts';
import type { KernelState } from './kernel-state.ts';

/**
 * Reactive jobs (scale-reactive.ts) in the kernel. What a job needs at another parallelism only its own build function says, so it is
 * drawn beside the loop (`shape-job`).
 *
 * K1  An answer is used only for the job as it was drawn from, and checked against the slots that there are when it comes.
 * K2  At most one drawing of a job is waited for, and none is asked for again before it is overdue, unless the slots have changed.
 * K3  A job that cannot be drawn goes on, or starts, as it is if there are slots enough for that.
 */

/** Looks with each tick whether jobs that run could grow. */
export function growJobs(draft: KernelDraft): void {
  for (const { kind, spec } of draft.state.jobs.values()) {
    const job = draft.state.jobs.get(spec.jobId);
    if (kind === 'running' && spec.reactive !== undefined && job?.kind === 'running' && job.planned === undefined) {
      grow(draft, job, spec.reactive);
    }
  }
}

function grow(draft: KernelDraft, job: RunningJob, shape: ReactiveShape): void {
  const { state, context } = draft;
  const offer = { available: availableTo(state, job), doOthersWait: doOthersWait(state, job) };
  const moment = { now: context.now, settings: context.settings.scaling };
  const { moreSince, slots } = decideGrowth(shape, offer, job.scaling, moment);
  if (moreSince !== job.scaling.moreSince) {
    draft.applyJob(unchangedJob({ ...job, scaling: { ...job.scaling, moreSince } }));
  }
  if (slots !== undefined) {
    askRunning(draft, job, slots);
  }
}

/** Has it drawn for so many slots; what comes of it is a redeployment. */
export function askRunning(draft: KernelDraft, { spec }: RunningJob, slots: number): void {
  const { now } = draft.context;
  const job = draft.state.jobs.get(spec.jobId);
  if (job?.kind === 'running' && mayAsk(job.scaling.asked, slots, now)) {
    draft.applyJob(unchangedJob({ ...job, scaling: { ...job.scaling, asked: askShape(slots, now) } }));
    draft.send({ kind: 'shape-job', jobId: spec.jobId, spec, slots });
  }
}

/** True when the job may be given slots as it is; else it is being drawn for those that it may have, or waits for more. */
export function mayStart(draft: KernelDraft, job: WaitingJob, shape: ReactiveShape): boolean {
  const { state, context } = draft;
  const maySettle = job.lastAttempt !== 0 && context.now < state.settledAt;
  const offer = { free: freeSlots(state), claimed: claimedByOthers(state, job), maySettle };
  const decision = decideStart(job.spec.slotsNeeded, shape, offer);
  if (decision.kind === 'start') {
    return true;
  }
  if (decision.kind === 'wait') {
    const needs = `needs at least ${shape.slotsAtLeast} slot${shape.slotsAtLeast === 1 ? '' : 's'}`;
    draft.applyJob(unchangedJob({ ...withReason(job, `${needs}, ${offer.free} free`), asked: undefined }));
    return false;
  }
  if (decision.kind === 'settle') {
    // Looked at again then, as if it had been asked for.
    const asked = { slots: 0, askAgainAt: state.settledAt, hasFailed: false };
    draft.applyJob(unchangedJob({ ...withReason(job, 'waits for the task managers to register'), asked }));
    return false;
  }
  const { slots } = decision;
  if (job.asked?.hasFailed === true && job.spec.slotsNeeded <= slots) {
    return true; // K3
  }
  if (mayAsk(job.asked, slots, context.now)) {
    const asked = askShape(slots, context.now);
    draft.applyJob(unchangedJob({ ...withReason(job, `is being drawn for ${slots} slots`), asked }));
    draft.send({ kind: 'shape-job', jobId: job.spec.jobId, spec: job.spec, slots });
  }
  return false;
}

export function onShaped(draft: KernelDraft, event: ShapedEvent): void {
  const job = draft.state.jobs.get(event.jobId);
  if (job?.spec.lineage !== event.of.lineage || job.spec.fingerprint !== event.of.fingerprint) {
    return; // K1
  }
  if (event.kind === 'job-not-shaped' || event.spec === undefined) {
    onNotShaped(draft, job, event.slots);
  } else if (job.kind === 'waiting-for-slots' && job.asked?.slots === event.slots) {
    onWaitingShaped(draft, job, event.spec);
  } else if (job.kind === 'running' && job.scaling.asked?.slots === event.slots) {
    onRunningShaped(draft, job, event.spec);
  }
}

function onNotShaped(draft: KernelDraft, job: Job, slots: number): void {
  const failed = (asked: AskedShape): AskedShape => ({ ...asked, hasFailed: true });
  if (job.kind === 'waiting-for-slots' && job.asked?.slots === slots) {
    draft.applyJob(
      unchangedJob({ ...withReason(job, `could not be drawn for ${slots} slots`), asked: failed(job.asked) }),
    );
  }
}

function onWaitingShaped(draft: KernelDraft, job: WaitingJob, to: JobSpec): void {
  const { jobId } = job.spec;
  const note = { kind: 'note-rescaled', jobId, from: job.spec, to, reason: 'slots-there-are' } as const;
  const isNews = job.lastAttempt !== 0 && to.fingerprint !== job.spec.fingerprint;
  draft.applyJob({ ...unchangedJob({ ...job, spec: to, asked: undefined }), send: isNews ? [note] : [] });
}

function onRunningShaped(draft: KernelDraft, job: RunningJob, to: JobSpec): void {
  const { state, context } = draft;
  const isLeaving = isOnLeaving(state, job);
  const fits = to.slotsNeeded <= availableTo(state, job);
  const isNews = to.fingerprint !== job.spec.fingerprint;
  if (job.planned !== undefined || !fits || !isNews || (!isLeaving && doOthersWait(state, job))) {
    return;
  }
  const purpose: RedeployPurpose = isLeaving ? 'task-manager-leaves' : 'more-slots';
  draft.applyJob(unchangedJob({ ...job, scaling: { ...job.scaling, cooldownFrom: context.now } }));
  draft.job(job.spec.jobId, { kind: 'redeploy', jobId: job.spec.jobId, request: undefined, spec: to, purpose });
}

/** Slots that it may have, were its attempt over: its own, and those that are free and not promised to another (S1). */
export function availableTo(state: KernelState, job: Job): number {
  return ownSlots(state, job) + freeSlots(state) - promisedToOthers(state, job);
}

export function freeSlots({ membership, ledger }: KernelState): number {
  return freeSlotsOf(ledger, offeringMembers(membership)).reduce((sum, { free }) => sum + free.length, 0);
}

/** Of the slots that its attempt holds, those on members that offer slots. (Where all of it has finished it holds none.) */
export function ownSlots({ membership }: KernelState, job: Job): number {
  if (!isDeployed(job)) {
    return 0;
  }
  const offering = new Set(offeringMembers(membership).map(({ id }) => id));
  const { places, live } = job.run;
  return places.filter(({ taskManager }) => offering.has(taskManager) && live.has(taskManager)).length;
}

function promisedToOthers(state: KernelState, job: Job): number {
  return [...state.jobs.values()]
    .filter((other) => other !== job && other.kind === 'running' && other.planned !== undefined)
    .reduce((sum, other) => {
      const { slotsNeeded } = (other.kind === 'running' ? other.planned?.spec : undefined) ?? other.spec;
      return sum + Math.max(0, slotsNeeded - ownSlots(state, other));
    }, 0);
}

/** What jobs that wait for slots, or are about to, need beyond what they still hold. */
function claimedByOthers(state: KernelState, job: Job): number {
  return [...state.jobs.values()]
    .filter((other) => other.spec.jobId !== job.spec.jobId && waits(other))
    .reduce((sum, other) => {
      const needed = other.spec.reactive?.slotsAtLeast ?? other.spec.slotsNeeded;
      const held = other.kind === 'restarting' ? heldBy(state, other) : 0;
      return sum + Math.max(0, needed - held);
    }, 0);
}

function heldBy(state: KernelState, job: Extract<Job, { kind: 'restarting' }>): number {
  return job.run.places.filter(
    ({ taskManager }) => job.run.live.has(taskManager) && state.membership.members.has(taskManager),
  ).length;
}

function waits({ kind }: Job): boolean {
  return kind === 'created' || kind === 'waiting-for-slots' || kind === 'restarting';
}

function doOthersWait({ jobs }: KernelState, job: Job): boolean {
  return [...jobs.values()].some(
    (other) => other.spec.jobId !== job.spec.jobId && (waits(other) || other.kind === 'recovering'),
  );
}

function isOnLeaving({ membership }: KernelState, { run }: RunningJob): boolean {
  return run.places.some(({ taskManager }) => membership.members.get(taskManager)?.isDraining === true);
}
