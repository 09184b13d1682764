import type {
  AttemptKey,
  AttemptReport,
  Deployment,
  FromCoordinator,
  TaskState,
} from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import {
  parseAttemptNumber,
  parseIncarnation,
  parseJobId,
  parseLeaderEpoch,
  parseOperatorUid,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { OperatorSnapshot, SubtaskSnapshot } from '../../shared/control/acknowledgement.ts';
import type { CheckpointId, LeaderEpoch, TaskManagerId } from '../../shared/ids.ts';
import { DEFAULT_CHECKPOINT_SETTINGS } from '../checkpoints/checkpoint-settings.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSource, JobSpec, VertexSpec } from '../jobs/job-spec.ts';
import type { ProbeResult } from '../membership/membership-events.ts';
import { parseConnectionId } from '../membership/ids.ts';
import type { ConnectionId } from '../membership/ids.ts';
import { FLINK_EXPONENTIAL_DELAY } from '../recovery/restart-policy.ts';
import { KernelInvariants } from '../simulation/kernel-invariants-testing.ts';
import { SimulatedRecords } from '../simulation/simulated-records-testing.ts';
import type { KernelContext, KernelEvent, KernelSend, KernelStep } from './kernel-events.ts';
import { EMPTY_KERNEL } from './kernel-state.ts';
import type { KernelSettings, KernelState } from './kernel-state.ts';
import { kernelStep } from './kernel-step.ts';
import { recoverKernel } from './recover-kernel.ts';

export const SETTINGS: KernelSettings = {
  version: '1',
  heartbeatIntervalMs: 1_000,
  heartbeatTimeoutMs: 8_000,
  restart: FLINK_EXPONENTIAL_DELAY,
  quarantineFailures: 3,
  deployTimeoutMs: 300_000,
  endTimeoutMs: 30_000,
  endedJobsMax: 2,
  abandonTimeoutMs: 30_000,
  adoptionTimeoutMs: 10_000,
  checkpoints: DEFAULT_CHECKPOINT_SETTINGS,
  scaling: { cooldownMs: 30_000, stabilizationMs: 60_000, failedCheckpointsMax: 2 },
  checkpointDirectory: '/checkpoints',
  clusterId: 'cluster',
};

/** The vertex of `specOf`, and what it reads and writes. */
export const SINK = parseOperatorUid('out');

/** A job of one vertex `v` that reads and writes, unless told otherwise. */
export function specOf(name: string, over: Partial<JobSpec> & { readonly source?: Partial<JobSource> } = {}): JobSpec {
  const { source, ...rest } = over;
  const vertex = parseVertexId('v');
  return {
    jobId: parseJobId(name),
    name,
    module: { kind: 'path', path: 'job.mjs' },
    args: {},
    defaultParallelism: 2,
    maxParallelism: 128,
    fingerprint: 'f',
    lineage: 'l',
    slotsNeeded: 2,
    vertices: [vertexOf(2)],
    sources: [{ vertex, assignment: 'eager', discoveryIntervalMs: undefined, ...source }],
    sinks: [{ uid: SINK, parallelism: 2 }],
    planJson: '{}',
    ...rest,
  };
}

/** Source and sink of `specOf`, chained. */
export function vertexOf(parallelism: number): VertexSpec {
  const id = parseVertexId('v');
  return { id, parallelism, firstSlot: 0, inputs: [], operators: [parseOperatorUid('v'), SINK] };
}

/** What a driver answers by itself, as stores and committers do when all is well. */
export interface Answers {
  readonly writes: boolean;
  readonly abandons: boolean;
  readonly commits: boolean;
}

/**
 * Drives a kernel by events, checks every invariant at each, and keeps what was sent. Its stores answer at once, unless told
 * otherwise; what they hold survives, so that another leader can begin with it.
 */
export class KernelDriver {
  readonly epoch: LeaderEpoch;
  readonly invariants = new KernelInvariants();
  readonly sent: KernelSend[] = [];
  readonly steps: KernelStep[] = [];
  readonly #settings: KernelSettings;
  readonly #random = seededRandom(7);
  readonly #joins = new Map<number, number>();
  readonly #queue: KernelEvent[] = [];
  readonly records: SimulatedRecords;
  /** What is found where a member listens that lost its connection. */
  probes: ProbeResult = 'refused';
  /** How a reactive job is drawn for so many slots, at once; undefined: nobody draws. */
  shape: ((slots: number, name: string) => JobSpec | undefined) | undefined;
  answers: Answers = { writes: true, abandons: true, commits: true };
  state: KernelState = EMPTY_KERNEL;
  now = 0;
  #isApplying = false;
  #unanswered: KernelSend[] = [];

  constructor(over: Partial<KernelSettings> = {}, former?: KernelDriver, answers: Partial<Answers> = {}) {
    this.#settings = { ...SETTINGS, ...over };
    this.answers = { ...this.answers, ...answers };
    this.epoch = parseLeaderEpoch((former?.epoch ?? 0n) + 1n);
    this.records = former?.records ?? new SimulatedRecords();
    if (former !== undefined) {
      this.now = former.now;
      const loaded = this.records.load();
      const step = recoverKernel(loaded, this.#context());
      this.invariants.takeOver(former.invariants, loaded);
      this.#take(EMPTY_KERNEL, undefined, step);
      this.#drain();
    }
  }

  apply(event: KernelEvent): readonly KernelSend[] {
    const from = this.sent.length;
    this.#queue.push(event);
    this.#drain();
    return this.sent.slice(from);
  }

  #drain(): void {
    if (this.#isApplying) {
      return;
    }
    this.#isApplying = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        const before = this.state;
        this.#take(before, next, kernelStep(before, next, this.#context()));
      }
    } finally {
      this.#isApplying = false;
    }
  }

  #take(before: KernelState, event: KernelEvent | undefined, step: KernelStep): void {
    this.invariants.check(before, event, step, this.now);
    this.state = step.state;
    this.steps.push(step);
    this.sent.push(...step.send);
    this.#queue.push(...this.records.persist(step.persist));
    step.send.forEach((effect) => {
      this.#answer(effect);
    });
  }

  /** Answers what was asked for while `answers` said that nobody does. */
  answerUnanswered(): void {
    const { answers } = this;
    const waiting = this.#unanswered;
    this.#unanswered = [];
    this.answers = { writes: true, abandons: true, commits: true };
    waiting.forEach((effect) => {
      this.#answer(effect);
    });
    this.#drain();
    this.answers = answers;
  }

  #answer(effect: KernelSend): void {
    if (effect.kind === 'raise') {
      this.#queue.push(effect.event);
    } else if (effect.kind === 'probe') {
      const { taskManager, incarnation } = effect;
      this.#queue.push({ kind: 'probed', taskManager, incarnation, result: this.probes });
    } else if (effect.kind === 'shape-job' && this.shape !== undefined) {
      const { jobId, slots, spec } = effect;
      this.#queue.push({ kind: 'job-shaped', jobId, slots, of: spec, spec: this.shape(slots, spec.name) });
    } else if (effect.kind === 'write-checkpoint' && this.answers.writes) {
      this.write(effect);
    } else if (effect.kind === 'abandon' && this.answers.abandons) {
      const { jobId, sink, tries, attempt } = effect;
      this.#queue.push({ kind: 'abandoned', jobId, attempt: attempt.attempt, sink, tries });
    } else if (effect.kind === 'commit' && this.answers.commits) {
      const { jobId, checkpoint, sink, tries } = effect;
      this.#queue.push({ kind: 'committed', jobId, checkpoint, sink, tries });
    } else if (effect.kind === 'write-checkpoint' || effect.kind === 'abandon' || effect.kind === 'commit') {
      this.#unanswered.push(effect);
    }
  }

  /** Performs a write that waits for its answer. */
  write(effect: Extract<KernelSend, { kind: 'write-checkpoint' }>): void {
    this.#queue.push(this.records.write(effect));
    this.#drain();
  }

  #context(): KernelContext {
    return { now: this.now, wallMs: this.now, random: this.#random, epoch: this.epoch, settings: this.#settings };
  }

  /** The present connection of task manager `tm-<number>`: its number, and another one each time that it comes back. */
  connectionOf(number: number): ConnectionId {
    return parseConnectionId(number + 100 * Math.max(0, (this.#joins.get(number) ?? 0) - 1));
  }

  /** Both subtasks of vertex `v` acknowledge, with what their sinks have prepared and how far their splits are. */
  acknowledge(name: string, checkpoint: CheckpointId, more: Partial<OperatorSnapshot> = {}): void {
    const job = this.job(name);
    const places = 'run' in job ? job.run.places : [];
    const byTaskManager = new Map<TaskManagerId, number[]>();
    for (const { taskManager, slot } of places) {
      byTaskManager.set(taskManager, [...(byTaskManager.get(taskManager) ?? []), slot]);
    }
    for (const [taskManager, subtasks] of byTaskManager) {
      const connection = this.state.membership.members.get(taskManager)?.connection;
      const ack = { checkpoint, subtasks: subtasks.map((index) => snapshotOf(index, more)) };
      if (connection !== undefined) {
        this.apply({ kind: 'acknowledge-checkpoint', connection, ...this.key(name), ack });
      }
    }
  }

  /** The checkpoint that was triggered last. */
  triggered(): CheckpointId {
    return required(this.messages('trigger-checkpoint').at(-1), 'a trigger').checkpoint;
  }

  join(number: number, slots = 2): void {
    this.#joins.set(number, (this.#joins.get(number) ?? 0) + 1);
    this.apply({
      kind: 'register',
      connection: this.connectionOf(number),
      registration: {
        taskManager: parseTaskManagerId(`tm-${number}`),
        incarnation: parseIncarnation(`i${number}`),
        dataAddress: `host:${number}`,
        slots,
        version: '1',
        attempts: [],
      },
    });
  }

  /** Registers again, as the same process, with what it runs of the job. */
  rejoin(number: number, name: string, over: Partial<AttemptReport> = {}): void {
    this.#joins.set(number, (this.#joins.get(number) ?? 0) + 1);
    const taskManager = parseTaskManagerId(`tm-${number}`);
    this.apply({
      kind: 'register',
      connection: this.connectionOf(number),
      registration: {
        taskManager,
        incarnation: parseIncarnation(`i${number}`),
        dataAddress: `host:${number}`,
        slots: 2,
        version: '1',
        attempts: [{ ...this.#reportOf(name, taskManager), ...over }],
      },
    });
  }

  #reportOf(name: string, taskManager: TaskManagerId): AttemptReport {
    const job = this.job(name);
    const places = 'run' in job ? job.run.places : [];
    return {
      ...this.key(name),
      phase: 'running',
      fingerprint: job.spec.fingerprint,
      module: job.spec.module,
      deployedBy: this.epoch,
      completed: undefined,
      subtasks: places
        .filter((place) => place.taskManager === taskManager)
        .map(({ slot }) => ({
          vertex: parseVertexId('v'),
          subtask: parseSubtaskIndex(slot),
          state: 'running',
          slot,
          assignment: 0,
          splits: [],
        })),
    };
  }

  leave(number: number): void {
    this.apply({ kind: 'connection-lost', connection: this.connectionOf(number) });
  }

  /** Asks for a redeployment, as caller 9. */
  redeploy(name: string, spec?: JobSpec): void {
    this.apply({ kind: 'redeploy', jobId: parseJobId(name), request: 9, spec, purpose: 'asked-for' });
  }

  submit(spec: JobSpec): void {
    this.apply({ kind: 'submit', request: 1, spec });
  }

  /** Time passes, and every member is heard. */
  tick(ms: number): void {
    this.now += ms;
    const heard = new Map([...this.state.membership.byConnection.keys()].map((connection) => [connection, this.now]));
    this.apply({ kind: 'tick', heard });
  }

  job(name: string): Job {
    return required(this.state.jobs.get(parseJobId(name)), `job ${name}`);
  }

  key(name: string): AttemptKey {
    return { jobId: parseJobId(name), attempt: parseAttemptNumber(Math.max(1, this.job(name).lastAttempt)) };
  }

  /** Subtask `index` of vertex `v` reports, from the task manager that runs it. */
  report(name: string, index: number, state: TaskState, more: ReportExtras = {}): void {
    const job = this.job(name);
    const place = 'run' in job ? job.run.places[index] : undefined;
    const member = place === undefined ? undefined : this.state.membership.members.get(place.taskManager);
    this.apply({
      kind: 'task-report',
      connection: member?.connection ?? parseConnectionId(99),
      report: {
        ...this.key(name),
        vertex: parseVertexId('v'),
        subtask: parseSubtaskIndex(index),
        state,
        metrics: [],
        ...(more.failure === undefined ? {} : { failure: more.failure }),
      },
    });
  }

  reportAll(name: string, state: TaskState, more: ReportExtras = {}): void {
    this.report(name, 0, state, more);
    this.report(name, 1, state);
  }

  /** Every subtask of vertex `v`, however many. */
  reportEach(name: string, state: TaskState): void {
    const job = this.job(name);
    ('run' in job ? job.run.places : []).forEach(({ slot }) => {
      this.report(name, slot, state);
    });
  }

  end(name: string, number: number, key: AttemptKey = this.key(name)): void {
    this.apply({ kind: 'attempt-ended', connection: this.connectionOf(number), ...key });
  }

  /** Submitted, deployed on what has joined, and started. */
  run(spec: JobSpec): void {
    this.submit(spec);
    this.reportAll(spec.name, 'ready');
  }

  messages<K extends FromCoordinator['kind']>(kind: K): readonly Extract<FromCoordinator, { kind: K }>[] {
    return this.sent.flatMap((effect) =>
      effect.kind === 'message' && isKind(effect.message, kind) ? [effect.message] : [],
    );
  }

  deployments(): readonly Deployment[] {
    return this.messages('deploy').map(({ deployment }) => deployment);
  }
}

interface ReportExtras {
  readonly failure?: Failure;
}

function isKind<K extends FromCoordinator['kind']>(
  message: FromCoordinator,
  kind: K,
): message is Extract<FromCoordinator, { kind: K }> {
  return message.kind === kind;
}

/** Splits and committables are those of subtask 0. */
export function snapshotOf(index: number, more: Partial<OperatorSnapshot>): SubtaskSnapshot {
  const empty: Omit<OperatorSnapshot, 'uid'> = {
    states: [],
    keyed: { kind: 'whole', segments: [] },
    lists: [],
    splits: [],
    committables: [],
    isFinished: false,
    watermarkMs: undefined,
  };
  const { splits = [], committables = [], ...both } = more;
  const operators = [
    { ...empty, ...both, uid: parseOperatorUid('v'), splits: index === 0 ? splits : [] },
    { ...empty, ...both, uid: SINK, committables: index === 0 ? committables : [] },
  ];
  return { vertex: parseVertexId('v'), subtask: parseSubtaskIndex(index), operators };
}
