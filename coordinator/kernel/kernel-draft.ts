import type { AttemptKey } from '../../shared/control/messages.ts';
import type { JobId, TaskManagerId } from '../../shared/ids.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { completeStep, isPartOf, jobStep } from '../jobs/job-step.ts';
import type { JobEvent, JobSend, JobStep } from '../jobs/job-events.ts';
import { hasEnded, isDeployed } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import { membershipStep } from '../membership/membership-step.ts';
import type { LostMember } from '../membership/members.ts';
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
    const step = membershipStep(this.#state.membership, event, this.#context.settings, this.#context.now);
    this.#state = { ...this.#state, membership: step.membership };
    this.#send.push(...step.send);
    step.lost.forEach((lost) => this.#forgetMember(lost));
    if (step.joined !== undefined && event.kind === 'register') {
      // What it still runs is being cancelled; until that has ended its slots are not free (slot-ledger.ts I2).
      const ledger = withMemberSlots(this.#state.ledger, step.joined, event.registration.attempts);
      this.#state = { ...this.#state, ledger };
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

  /** A job names task managers; a message goes to the connection that the task manager has now, or nowhere. */
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
    if (member !== undefined) {
      this.#send.push({ kind: 'message', connection: member.connection, message: send.message });
    }
  }
}

function isOn(job: Job, taskManager: TaskManagerId): boolean {
  return !hasEnded(job) && isDeployed(job) && isPartOf(job, taskManager);
}
