import type { AttemptKey, Deployment, FromCoordinator, SlotPlace } from '../../shared/control/messages.ts';
import { attemptName } from '../../shared/control/messages.ts';
import { parseTaskManagerId } from '../../shared/ids.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { invariant, required } from '../../shared/invariant.ts';
import type { KernelEvent, KernelStep } from '../kernel/kernel-events.ts';
import type { LoadedCluster } from '../kernel/recover-kernel.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import { isSettled } from '../jobs/job-checkpoints.ts';
import { hasEnded } from '../jobs/job.ts';
import type { Job, JobState } from '../jobs/job.ts';
import type { JobRecord } from '../jobs/job-record.ts';
import type { ConnectionId } from '../membership/ids.ts';
import { FenceInvariants } from './fence-invariants-testing.ts';

/**
 * The exits that jobs/job.ts draws, and those that one event may take in a row: when the last task manager of an attempt
 * is lost and there are slots elsewhere, a job goes through `restarting` and `waiting-for-slots` at once.
 */
const EXITS: Readonly<Record<JobState, readonly JobState[]>> = {
  created: ['waiting-for-slots', 'deploying', 'cancelled'],
  'waiting-for-slots': ['deploying', 'cancelled'],
  deploying: ['running', 'restarting', 'failing', 'cancelling', 'failed', 'cancelled', 'waiting-for-slots'],
  recovering: [
    'running',
    'restarting',
    'failing',
    'cancelling',
    'finishing',
    'failed',
    'cancelled',
    'finished',
    'waiting-for-slots',
    'deploying',
  ],
  running: ['restarting', 'failing', 'cancelling', 'finishing', 'failed', 'finished', 'waiting-for-slots', 'deploying'],
  restarting: [
    'waiting-for-slots',
    'deploying',
    'failing',
    'cancelling',
    'finishing',
    'failed',
    'cancelled',
    'finished',
  ],
  cancelling: ['cancelled', 'failing', 'failed', 'finishing', 'finished'],
  failing: ['failed', 'finishing', 'finished'],
  finishing: ['finished', 'failing', 'failed'],
  finished: [],
  failed: [],
  cancelled: [],
};

/**
 * Watches every step of a kernel from outside, with its own bookkeeping, and throws at the first broken promise.
 *
 * V1  A Deploy of a job is sent only when every task manager of its older attempts has ended them or is a member no more.
 * V2  Attempt numbers of a job id only grow, and are stored before the Deploy.
 * V3  A state is left by a legal exit only; final states never.
 * V4  No slot of a member is given to two attempts.
 * V5  A Start is sent only when every subtask has reported ready; splits only behind the Start.
 * V6  Within an attempt no split is assigned twice, assignments of a reader are numbered without a gap, and in all attempts
 *     a split starts at the position at which it was discovered, which is stored before it is assigned.
 * V7  Only what a durable pointer names is committed.
 * V8  An attempt that was told to end is waited for no longer than the deadline allows, and a little; but for what a commit that
 *     has begun takes.
 * V9  A Deploy is sent only when its attempt is stored as the current one, and every sink has abandoned every older attempt.
 * V10 A pointer is written only for the attempt that is stored as current; an attempt is condemned only when none of its
 *     writes is in doubt, and is never current again.
 * V12 A planned redeployment ends its attempt only behind a checkpoint that has completed since it was asked for; what ends the
 *     attempt before that has a failure, a cancel or an end of its own.
 * V13 A reactive job is deployed within its bounds, and no job on more slots than members have.
 * V14 What a Deploy says of quarantined records is stored, and no later attempt of the job is told less.
 * V11 No job ends while a pointer of it lacks its marker, unless what it names cannot be committed.
 */
export class KernelInvariants {
  readonly stored = new Map<string, JobRecord>();
  /** How often each state was entered: a simulation that reaches none of them tests nothing. */
  readonly entered = new Map<JobState, number>();
  readonly #live = new Map<string, LiveAttempt>();
  readonly #attempts = new Map<string, number>();
  readonly #fences = new FenceInvariants();
  /** How many records the last Deploy of each job called quarantined. */
  readonly #quarantined = new Map<string, number>();

  /** Another leader begins: what is stored, deployed and abandoned outlives its former one. */
  takeOver(former: KernelInvariants, loaded: LoadedCluster): void {
    former.stored.forEach((record, name) => this.stored.set(name, record));
    former.#attempts.forEach((attempt, name) => this.#attempts.set(name, attempt));
    former.entered.forEach((count, state) => this.entered.set(state, count));
    former.#quarantined.forEach((count, name) => this.#quarantined.set(name, count));
    this.#fences.takeOver(former.#fences, loaded);
  }

  check(before: KernelState, event: KernelEvent | undefined, step: KernelStep, now: number): void {
    this.#forgetLost(before, step.state);
    if (event !== undefined) {
      this.#learn(before, event, { step, now });
    }
    this.#fences.check(step);
    this.#checkExits(before, step.state);
    for (const effect of step.persist) {
      if (effect.kind === 'put-job' || effect.kind === 'put-new-job') {
        this.stored.set(effect.record.spec.jobId, effect.record);
        if (effect.kind === 'put-new-job') {
          this.#quarantined.delete(effect.record.spec.jobId);
        }
      } else if (effect.kind === 'delete-job') {
        this.stored.delete(effect.jobId);
      }
    }
    for (const effect of step.send) {
      if (effect.kind === 'message') {
        this.#checkMessage(effect.connection, effect.message, step.state);
      }
    }
  }

  #learn(before: KernelState, event: KernelEvent, { step, now }: { step: KernelStep; now: number }): void {
    this.#fences.learn(event);
    if (event.kind === 'tick') {
      checkWaits(step.state, now);
    }
    if (event.kind === 'attempt-ended') {
      this.#live.get(attemptName(event))?.places.delete(memberId(before, event.connection));
    }
    if (event.kind === 'register') {
      this.#learnRegistration(event, step.state);
    }
    if (event.kind === 'task-report' && event.report.state === 'ready') {
      const live = this.#live.get(attemptName(event.report));
      if (live?.places.has(memberId(before, event.connection)) === true) {
        live.ready.add(`${event.report.vertex}/${event.report.subtask}`);
      }
    }
  }

  /** What goes on counts as deployed and started by whoever has taken it over. */
  #learnRegistration(
    { connection, registration }: Extract<KernelEvent, { kind: 'register' }>,
    { membership, jobs }: KernelState,
  ): void {
    if (membership.members.get(registration.taskManager)?.connection !== connection) {
      return;
    }
    for (const report of registration.attempts) {
      const job = jobs.get(report.jobId);
      const goesOn = job?.kind === 'recovering' || job?.kind === 'running';
      if (goesOn && job.run.number === report.attempt && job.run.live.has(registration.taskManager)) {
        const live = this.#liveOf(report);
        live.isStarted = true;
        live.places.set(registration.taskManager, slotsIn(job.run.places, registration.taskManager));
        for (const { vertex, subtask, splits, assignment } of report.subtasks) {
          live.assignments.set(`${vertex}/${subtask}`, assignment);
          splits.forEach(({ id }) => live.splits.set(id, `${vertex}/${subtask}/${assignment}`));
        }
      }
    }
  }

  #liveOf(key: AttemptKey): LiveAttempt {
    const live = this.#live.get(attemptName(key)) ?? {
      key: { jobId: key.jobId, attempt: key.attempt },
      places: new Map<TaskManagerId, readonly number[]>(),
      ready: new Set<string>(),
      splits: new Map<string, string>(),
      assignments: new Map<string, number>(),
      isStarted: false,
    };
    this.#live.set(attemptName(key), live);
    return live;
  }

  #checkQuarantine({ jobId, quarantined }: Deployment): void {
    const stored = this.stored.get(jobId)?.quarantine.quarantined;
    invariant(JSON.stringify(stored) === JSON.stringify(quarantined), 'V14: quarantined records that are not stored');
    invariant(quarantined.length >= (this.#quarantined.get(jobId) ?? 0), 'V14: a quarantined record is forgotten');
    this.#quarantined.set(jobId, quarantined.length);
  }

  #checkMessage(connection: ConnectionId, message: FromCoordinator, state: KernelState): void {
    switch (message.kind) {
      case 'deploy':
        this.#fences.checkDeploy(message.deployment);
        this.#checkQuarantine(message.deployment);
        this.#checkDeploy(connection, message.deployment.slots, message.deployment, state);
        return;
      case 'start': {
        const live = this.#live.get(attemptName(message));
        const vertices = this.stored.get(message.jobId)?.spec.vertices ?? [];
        const areReady = vertices.every(({ id, parallelism }) =>
          Array.from({ length: parallelism }, (_, i) => `${id}/${i}`).every((name) => live?.ready.has(name) === true),
        );
        invariant(live !== undefined && areReady, 'V5: a start before every subtask is ready');
        live.isStarted = true;
        return;
      }
      case 'assign-splits': {
        const live = this.#live.get(attemptName(message));
        invariant(live?.isStarted === true, 'V5: splits before the start');
        const reader = `${message.vertex}/${message.subtask}`;
        const last = live.assignments.get(reader) ?? 0;
        // After a reconnection what may not have arrived is repeated, under its number.
        invariant(message.assignment <= last + 1, 'V6: a gap in the assignments');
        live.assignments.set(reader, message.assignment);
        const known = this.stored.get(message.jobId)?.sources.find(({ vertex }) => vertex === message.vertex)?.splits;
        for (const { id, position } of message.splits) {
          const order = `${reader}/${message.assignment}`;
          invariant((live.splits.get(id) ?? order) === order, `V6: split ${id} was assigned twice`);
          live.splits.set(id, order);
          const first = known?.find((split) => split.id === id)?.position ?? position;
          this.#fences.checkAssigned(message, message.vertex, { id, position }, first);
          invariant(known?.some((split) => split.id === id) === true, 'V6: a split that is not stored');
        }
        return;
      }
      default:
    }
  }

  #checkDeploy(
    connection: ConnectionId,
    slots: readonly SlotPlace[],
    key: AttemptKey & { readonly slots: readonly SlotPlace[] },
    state: KernelState,
  ): void {
    const name = attemptName(key);
    for (const other of this.#live.values()) {
      const isOlder = other.key.jobId === key.jobId && other.key.attempt !== key.attempt;
      invariant(!isOlder || other.places.size === 0, `V1: ${name} is deployed while ${attemptName(other.key)} lives`);
    }
    const { spec } = required(state.jobs.get(key.jobId), `job ${key.jobId}`);
    const { least, most } = spec.reactive ?? { least: 1, most: spec.maxParallelism };
    const isWithin = spec.defaultParallelism >= least && spec.defaultParallelism <= most;
    invariant(isWithin && slots.length === spec.slotsNeeded, `V13: ${name} is deployed out of its bounds`);
    const last = this.#attempts.get(key.jobId) ?? 0;
    invariant(
      key.attempt > last || this.#live.get(name)?.places.size !== undefined,
      `V2: attempt ${key.attempt} after ${last}`,
    );
    this.#attempts.set(key.jobId, key.attempt);
    invariant(this.stored.get(key.jobId)?.lastAttempt === key.attempt, 'V2: a deploy that is not stored');
    const id = state.membership.byConnection.get(connection);
    invariant(id !== undefined, 'V4: a deploy to nobody');
    const mine = slotsIn(slots, id);
    invariant(mine.length > 0, 'V4: a deploy to a task manager that runs nothing of it');
    for (const other of this.#live.values()) {
      for (const index of other.places.get(id) ?? []) {
        invariant(!mine.includes(index), `V4: slot ${index} of ${id} is given to two attempts`);
      }
    }
    this.#liveOf(key).places.set(id, mine);
  }

  #checkExits(before: KernelState, after: KernelState): void {
    for (const [jobId, job] of after.jobs) {
      const older = before.jobs.get(jobId);
      if (older !== undefined && older.kind !== job.kind) {
        const isSameShape = job.spec.fingerprint === older.spec.fingerprint;
        // One that is created took the id of one that had ended, perhaps within the same millisecond.
        const isCreated = job.kind === 'created' && hasEnded(older);
        const isOther = job.submittedAtMs !== older.submittedAtMs || (job.spec !== older.spec && isSameShape);
        const isNewJob = isCreated || isOther;
        // A deployment that is replaced by the next one is a way out and in again.
        invariant(isNewJob || EXITS[older.kind].includes(job.kind), `V3: from ${older.kind} to ${job.kind}`);
      }
      if (older !== undefined) {
        checkPlanned(older, job);
      }
      if (older?.kind !== job.kind) {
        this.entered.set(job.kind, (this.entered.get(job.kind) ?? 0) + 1);
      }
    }
  }

  #forgetLost(before: KernelState, after: KernelState): void {
    for (const live of this.#live.values()) {
      for (const id of live.places.keys()) {
        const member = after.membership.members.get(id);
        const wasReplaced = member !== undefined && before.membership.members.get(id)?.connection !== member.connection;
        if (member === undefined || wasReplaced) {
          live.places.delete(id);
        }
      }
    }
  }
}

function memberId({ membership }: KernelState, connection: ConnectionId): TaskManagerId {
  return membership.byConnection.get(connection) ?? parseTaskManagerId('nobody');
}

function slotsIn(places: readonly SlotPlace[], id: TaskManagerId): readonly number[] {
  return places.filter(({ taskManager }) => taskManager === id).map(({ slotIndex }) => slotIndex);
}

/** V12 */
function checkPlanned(before: Job, after: Job): void {
  if (before.kind !== 'running' || before.planned === undefined || after.kind !== 'restarting') {
    return;
  }
  const hasFailed = after.failures.at(-1) !== before.failures.at(-1);
  const isBehind = after.checkpoints.stats.completed > before.planned.completed;
  invariant(hasFailed || isBehind, 'V12: a planned redeployment without a checkpoint of its own');
}

/** Deadlines of the simulated settings, for the end and for the abandoning, and a few ticks. */
const END_WAIT_MS = 62_000;

function checkWaits(state: KernelState, now: number): void {
  for (const job of state.jobs.values()) {
    const isEnding = (job.kind === 'cancelling' || job.kind === 'failing') && isSettled(job.checkpoints);
    invariant(!isEnding || now - job.changedAtMs <= END_WAIT_MS, `V8: ${job.kind} for too long`);
  }
}

interface LiveAttempt {
  readonly key: AttemptKey;
  /** Slot indices, by the task manager that has not ended it. */
  readonly places: Map<TaskManagerId, readonly number[]>;
  readonly ready: Set<string>;
  /** The order by which each was given. */
  readonly splits: Map<string, string>;
  readonly assignments: Map<string, number>;
  isStarted: boolean;
}
