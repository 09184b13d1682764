import type {
  AttemptKey,
  Deployment,
  FromCoordinator,
  SinkCommittables,
  TaskState,
} from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import {
  parseAttemptNumber,
  parseIncarnation,
  parseJobId,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Job } from '../jobs/job.ts';
import type { JobSource, JobSpec } from '../jobs/job-spec.ts';
import { parseConnectionId } from '../membership/ids.ts';
import type { ConnectionId } from '../membership/ids.ts';
import { FLINK_EXPONENTIAL_DELAY } from '../recovery/restart-policy.ts';
import { KernelInvariants } from '../simulation/kernel-invariants-testing.ts';
import type { KernelEvent, KernelSend, KernelStep } from './kernel-events.ts';
import { EMPTY_KERNEL } from './kernel-state.ts';
import type { KernelSettings, KernelState } from './kernel-state.ts';
import { kernelStep } from './kernel-step.ts';

export const SETTINGS: KernelSettings = {
  version: '1',
  heartbeatIntervalMs: 1_000,
  heartbeatTimeoutMs: 8_000,
  restart: FLINK_EXPONENTIAL_DELAY,
  deployTimeoutMs: 300_000,
  endTimeoutMs: 30_000,
  endedJobsMax: 2,
};

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
    slotsNeeded: 2,
    vertices: [{ id: vertex, parallelism: 2, firstSlot: 0 }],
    sources: [{ vertex, assignment: 'eager', discoveryIntervalMs: undefined, ...source }],
    planJson: '{}',
    ...rest,
  };
}

/** Drives a kernel by events, checks every invariant at each, and keeps what was sent. */
export class KernelDriver {
  readonly invariants = new KernelInvariants();
  readonly sent: KernelSend[] = [];
  readonly steps: KernelStep[] = [];
  readonly #settings: KernelSettings;
  readonly #random = seededRandom(7);
  readonly #joins = new Map<number, number>();
  state: KernelState = EMPTY_KERNEL;
  now = 0;

  constructor(over: Partial<KernelSettings> = {}) {
    this.#settings = { ...SETTINGS, ...over };
  }

  apply(event: KernelEvent): readonly KernelSend[] {
    const before = this.state;
    const context = { now: this.now, wallMs: this.now, random: this.#random, settings: this.#settings };
    const step = kernelStep(before, event, context);
    this.invariants.check(before, event, step, this.now);
    this.state = step.state;
    this.steps.push(step);
    this.sent.push(...step.send);
    for (const effect of step.send) {
      if (effect.kind === 'raise') {
        this.apply(effect.event);
      }
    }
    return step.send;
  }

  /** The present connection of task manager `tm-<number>`: its number, and another one each time that it comes back. */
  connectionOf(number: number): ConnectionId {
    return parseConnectionId(number + 100 * Math.max(0, (this.#joins.get(number) ?? 0) - 1));
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

  leave(number: number): void {
    this.apply({ kind: 'connection-lost', connection: this.connectionOf(number) });
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
        committables: more.committables ?? [],
        metrics: [],
        ...(more.failure === undefined ? {} : { failure: more.failure }),
      },
    });
  }

  reportAll(name: string, state: TaskState, more: ReportExtras = {}): void {
    this.report(name, 0, state, more);
    this.report(name, 1, state);
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
  readonly committables?: readonly SinkCommittables[];
  readonly failure?: Failure;
}

function isKind<K extends FromCoordinator['kind']>(
  message: FromCoordinator,
  kind: K,
): message is Extract<FromCoordinator, { kind: K }> {
  return message.kind === kind;
}
