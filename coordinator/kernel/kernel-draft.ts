import type { AttemptKey, AttemptReport } from '../../shared/control/messages.ts';
import type { JobId, SlotIndex, TaskManagerId } from '../../shared/ids.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { completeStep, isPartOf, jobStep } from '../jobs/job-step.ts';
import type { JobEvent, JobSend, JobStep } from '../jobs/job-events.ts';
import { hasEnded, isDeployed, isEnding } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import { membershipStep } from '../membership/membership-step.ts';
import { findMismatch } from '../jobs/match-report.ts';
import type { ConnectionId } from '../membership/ids.ts';
import { memberOn } from '../membership/members.ts';
import type { LostMember, Member } from '../membership/members.ts';
import type { MembershipEvent } from '../membership/membership-events.ts';
import { releaseSlots, withMemberSlots, withoutMemberSlots } from '../scheduling/slot-ledger.ts';
import type { KernelContext, KernelPersist, KernelSend, KernelStep } from './kernel-events.ts';
import type { KernelState } from './kernel-state.ts';

/**
 * One step of the kernel in the making: applies the slices' steps to one another until nothing follows any more. Lives for
 * one event; the state it was given is not changed.
 */
export class KernelDraft {
  readonly #context: KernelContext;
  readonly #persist: KernelPersist[] = [];
  readonly #send: KernelSend[] = [];
  #state: KernelState;

  constructor(state: KernelState, context: KernelContext) {
    this.#state = state;
    this.#context = context;
  }

  get state(): KernelState {
    return this.#state;
  }

  get context(): KernelContext {
    return this.#context;
  }

  membership(event: MembershipEvent): void {
    switch (event.kind) {
      case 'register':
        this.#register(event);
        return;
      case 'connection-lost':
        this.#changeMembership({ ...event, mayReturn: this.#runsOn(event.connection) });
        return;
      default:
        this.#changeMembership(event);
    }
  }

  /** Applies an event to a job; an unknown job is a job that was forgotten, and changes nothing. */
  job(jobId: JobId, event: JobEvent): void {
    const job = this.#state.jobs.get(jobId);
    if (job !== undefined) {
      this.#take(jobStep(job, event, this.#context));
    }
  }

  /** A transition that is no answer to an event of the job. */
  applyJob(step: JobStep): void {
    this.#take(completeStep(step, this.#context));
  }

  #take(step: JobStep): void {
    const { jobId } = step.job.spec;
    if (this.#state.jobs.get(jobId) !== step.job) {
      this.#state = { ...this.#state, jobs: new Map(this.#state.jobs).set(jobId, step.job) };
    }
    this.#persist.push(...step.persist);
    step.send.forEach((send) => this.#sendOf(send));
    for (const { taskManager, why } of step.overdue) {
      this.membership({ kind: 'drop', taskManager, why });
    }
  }

  /** The attempt has ended there: its slots are free for others. */
  release(taskManager: TaskManagerId, key: AttemptKey): void {
    this.#state = { ...this.#state, ledger: releaseSlots(this.#state.ledger, taskManager, key) };
  }

  change(change: Partial<KernelState>): void {
    this.#state = { ...this.#state, ...change };
  }

  persist(effect: KernelPersist): void {
    this.#persist.push(effect);
  }

  send(effect: KernelSend): void {
    this.#send.push(effect);
  }

  finish(): KernelStep {
    return { state: this.#state, persist: this.#persist, send: this.#send };
  }

  #changeMembership(event: MembershipEvent): Member | undefined {
    const step = membershipStep(this.#state.membership, event, this.#context.settings, this.#context.now);
    this.#state = { ...this.#state, membership: step.membership };
    this.#send.push(...step.send);
    step.lost.forEach((lost) => this.#forgetMember(lost));
    return step.joined;
  }

  /** What a task manager still runs goes on where its job says so; the rest is cancelled, and holds its slots until it has ended. */
  #register(event: Extract<MembershipEvent, { kind: 'register' }>): void {
    const { taskManager, incarnation, attempts } = event.registration;
    const isSame = this.#state.membership.members.get(taskManager)?.incarnation === incarnation;
    const keep = attempts.filter((report) =>
      wouldKeep(this.#state.jobs.get(report.jobId), taskManager, { report, isSame }),
    );
    const joined = this.#changeMembership({ ...event, keep });
    if (joined === undefined) {
      return;
    }
    const draining = attempts.filter((attempt) => !keep.includes(attempt));
    const kept = keep.map((report) => ({
      by: { jobId: report.jobId, attempt: report.attempt },
      slots: slotsOn(this.#state.jobs.get(report.jobId), taskManager),
    }));
    this.#state = { ...this.#state, ledger: withMemberSlots(this.#state.ledger, joined, { draining, kept }) };
    const failure = backWithout(taskManager);
    for (const job of this.#state.jobs.values()) {
      const { jobId } = job.spec;
      const report = attempts.find((attempt) => attempt.jobId === jobId);
      if (report !== undefined && (keep.includes(report) || job.kind === 'recovering')) {
        this.job(jobId, { kind: 'attempt-reported', from: taskManager, report });
      } else if (job.kind === 'recovering') {
        this.job(jobId, { kind: 'registered-without', from: taskManager });
      } else if (isOn(job, taskManager) && !(report !== undefined && isEnding(job))) {
        this.job(jobId, { kind: 'task-manager-lost', taskManager, failure });
      }
    }
  }

  /**
   * Whether a job has something on the member behind this connection that would go on if it came back: it runs, or waits to be
   * adopted and has reported. (A task manager that became impatient while this leader read its jobs has left two registrations,
   * one of them on a connection that is over.)
   */
  #runsOn(connection: ConnectionId): boolean {
    const member = memberOn(this.#state.membership, connection);
    return (
      member !== undefined &&
      [...this.#state.jobs.values()].some(
        (job) => (job.kind === 'running' || job.kind === 'recovering') && job.run.live.has(member.id),
      )
    );
  }

  #forgetMember({ member, failure }: LostMember): void {
    this.#state = { ...this.#state, ledger: withoutMemberSlots(this.#state.ledger, member.id) };
    this.#tellJobs(member.id, failure);
  }

  #tellJobs(taskManager: TaskManagerId, failure: Failure): void {
    for (const job of this.#state.jobs.values()) {
      if (isOn(job, taskManager)) {
        this.job(job.spec.jobId, { kind: 'task-manager-lost', taskManager, failure });
      }
    }
  }

  /** A job names task managers; a message goes to the connection that the task manager has now, or nowhere: who is absent is told when it is back. */
  #sendOf(send: JobSend): void {
    if (send.kind === 'release-slots') {
      this.release(send.taskManager, send);
      return;
    }
    if (send.kind !== 'command') {
      this.#send.push(send);
      return;
    }
    const member = this.#state.membership.members.get(send.to);
    if (member !== undefined && !this.#state.membership.absent.has(member.id)) {
      this.#send.push({ kind: 'message', connection: member.connection, message: send.message });
    }
  }
}

function isOn(job: Job, taskManager: TaskManagerId): boolean {
  return !hasEnded(job) && isDeployed(job) && isPartOf(job, taskManager);
}

/** `isSame`: the process is a member already, and lost only its connection. */
function wouldKeep(
  job: Job | undefined,
  from: TaskManagerId,
  { report, isSame }: { readonly report: AttemptReport; readonly isSame: boolean },
): boolean {
  const mayGoOn = job?.kind === 'recovering' || (job?.kind === 'running' && isSame && job.run.live.has(from));
  return mayGoOn && findMismatch(job, from, report) === undefined;
}

function slotsOn(job: Job | undefined, id: TaskManagerId): readonly SlotIndex[] {
  return job === undefined || !isDeployed(job)
    ? []
    : job.run.places.filter(({ taskManager }) => taskManager === id).map(({ slotIndex }) => slotIndex);
}

function backWithout(id: TaskManagerId): Failure {
  return {
    code: 'task-manager-lost',
    reaction: 'restart-job',
    message: `The task manager "${id}" lost its connection, and came back without what it ran.`,
    remedy: 'Its jobs restart by themselves when there are slots; see its log for the cause.',
  };
}
