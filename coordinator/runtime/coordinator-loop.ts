import type { Clock } from '../../shared/clock/clock.ts';
import { isAbort, StreamError } from '../../shared/failure/failure.ts';
import type { JobId, LeaderEpoch } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { Random } from '../../shared/random/random.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { KernelContext, KernelEvent, KernelStep, SubmitAnswer } from '../kernel/kernel-events.ts';
import type { JobOrigin } from '../kernel/kernel-events.ts';
import { EMPTY_KERNEL } from '../kernel/kernel-state.ts';
import type { KernelSettings, KernelState } from '../kernel/kernel-state.ts';
import { kernelStep } from '../kernel/kernel-step.ts';
import { untilNextTickMs } from '../kernel/next-tick.ts';
import { recoverKernel } from '../kernel/recover-kernel.ts';
import { hasEnded } from '../jobs/job.ts';
import type { RedeployAnswer } from '../jobs/job-events.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import type { SavepointAnswer, SavepointRequest } from '../checkpoints/checkpoint-events.ts';
import type { JobStore } from '../job-store/job-store.ts';
import type { ConnectionId } from '../membership/ids.ts';
import type { Instant } from '../membership/members.ts';
import { Connections } from './connections.ts';
import type { CopySavepoint } from './copy-savepoint.ts';
import { Inbox } from './inbox.ts';
import { closeConnectors } from './job-connectors.ts';
import type { JobConnectors, OpenConnectors } from './job-connectors.ts';
import { loadCluster } from './load-cluster-loop.ts';
import { logChanges } from './log-changes.ts';
import { MetricStore } from './metric-store.ts';
import { PendingAnswers } from './pending-answers.ts';
import { performEffects } from './perform-effects.ts';
import type { Probe } from './perform-effects.ts';
import { GIVEN_UP, NOT_WAITED, STOPPING } from './request-failures.ts';
import { RecordWriter } from './record-writer.ts';
import { remakeAll } from './remake-connectors-loop.ts';
import type { RemakeConnectors } from './remake-connectors-loop.ts';
import type { ShapeJob } from './shape-job.ts';
import { StateWatchers } from './state-watchers.ts';
import { TaskScope } from './task-scope.ts';

export interface LoopDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly store: JobStore;
  readonly snapshots: SnapshotStore;
  readonly copySavepoint: CopySavepoint;
  readonly probe: Probe;
  readonly remakeConnectors: RemakeConnectors;
  readonly shapeJob: ShapeJob;
  readonly epoch: LeaderEpoch;
  /** Whether nobody else can lead yet: asked before each step, since a process that was frozen is told of its loss too late. */
  readonly isProven?: () => boolean;
  readonly settings: KernelSettings;
  readonly logger: Logger;
}

/** Events that wait while one is persisted. At 1,000 task managers one round of reports is 4,000. */
const INBOX_MAX = 16_384;
/** Deadlines are checked this often: short against every deadline, long against the work of a tick. */
const TICK_MS = 100;

/**
 * Runs the kernel: takes one event at a time, makes what it demands durable, publishes the new state, then sends. Whoever
 * reads `state` sees only what is durable.
 */
export class CoordinatorLoop {
  readonly connections = new Connections();
  readonly metrics = new MetricStore();
  readonly #deps: LoopDeps;
  readonly #inbox = new Inbox<KernelEvent>(INBOX_MAX);
  readonly #connectors: OpenConnectors = new Map();
  readonly #submissions = new Map<number, PendingSubmission>();
  readonly #savepoints = new PendingAnswers<SavepointAnswer>({
    givenUp: { kind: 'failed', failure: GIVEN_UP },
    stopping: { kind: 'failed', failure: STOPPING },
  });
  readonly #redeployments = new PendingAnswers<RedeployAnswer>({
    givenUp: { kind: 'refused', failure: NOT_WAITED },
    stopping: { kind: 'refused', failure: STOPPING },
  });
  readonly #writer: RecordWriter;
  readonly #watchers = new StateWatchers<KernelState>(EMPTY_KERNEL);
  readonly #scope: TaskScope;
  #heard = new Map<ConnectionId, Instant>();
  #lastRequest = 0;
  #tickIsQueued = false;
  #hasEnded = false;
  #isRecovered = false;
  #broken: { readonly error: unknown } | undefined;

  constructor(deps: LoopDeps) {
    this.#deps = deps;
    this.#writer = new RecordWriter(deps);
    this.#scope = new TaskScope((error) => {
      this.#broken ??= { error };
      this.raise({ kind: 'tick', heard: new Map() });
    });
  }

  get epoch(): LeaderEpoch {
    return this.#deps.epoch;
  }

  get state(): KernelState {
    return this.#watchers.current;
  }

  /** The first published state, from now on, for which the predicate holds; undefined when the signal aborts before. */
  async until(predicate: (state: KernelState) => boolean, signal: AbortSignal): Promise<KernelState | undefined> {
    return await this.#watchers.until(predicate, signal);
  }

  /** Adds an event of the outside; waits while the inbox is full. False, and nothing is added, when the signal aborts. */
  async post(event: KernelEvent, signal: AbortSignal): Promise<boolean> {
    return await this.#inbox.put(event, signal);
  }

  /** Adds an event that is bounded by its nature: the end of a connection, the answer to an effect. */
  raise(event: KernelEvent): void {
    this.#inbox.offer(event);
  }

  /** A sign of life. Cheap: it is passed to the kernel with the next tick, with the time at which it was heard. */
  hear(connection: ConnectionId): void {
    this.#heard.set(connection, this.#deps.clock.monotonicMs());
  }

  /** Hands a checked job in. The connectors are the loop's from now on, and closed if the job is refused. */
  async submit({ spec, connectors, origin }: NewJob, signal: AbortSignal): Promise<JobId> {
    const request = this.#nextRequest();
    const answered = new Promise<SubmitAnswer>((resolve) => {
      this.#submissions.set(request, { connectors, answer: resolve });
    });
    const isIn =
      !this.#hasEnded &&
      (await this.post({ kind: 'submit', request, spec, ...(origin === undefined ? {} : { origin }) }, signal));
    if (!isIn) {
      this.#submissions.delete(request);
    }
    const answer: SubmitAnswer = isIn ? await answered : { kind: 'refused', failure: STOPPING };
    if (answer.kind === 'refused') {
      // Why it was refused says more than what a connector says when it is closed.
      await Promise.allSettled([closeConnectors(connectors)]);
      throw new StreamError(answer.failure);
    }
    return answer.jobId;
  }

  /**
   * Takes a savepoint, with `stop` or `drain` as the job's last act. Answered when its copy is complete, or with why there is
   * none; the signal ends only the wait.
   */
  async savepoint(
    jobId: JobId,
    wanted: Omit<SavepointRequest, 'request'>,
    signal: AbortSignal,
  ): Promise<SavepointAnswer> {
    const request = this.#nextRequest();
    const post = async (): Promise<boolean> =>
      this.state.jobs.has(jobId) && (await this.post({ kind: 'savepoint', jobId, request, ...wanted }, signal));
    return await this.#savepoints.ask(request, post, signal);
  }

  /**
   * Has a job deployed anew as `spec` says, from a checkpoint that is taken for it. Answered when the present attempt is being
   * ended, or with why it is not; the signal ends only the wait.
   */
  async redeploy(jobId: JobId, spec: JobSpec, signal: AbortSignal): Promise<RedeployAnswer> {
    const request = this.#nextRequest();
    const post = async (): Promise<boolean> =>
      this.state.jobs.has(jobId) &&
      (await this.post({ kind: 'redeploy', jobId, request, spec, purpose: 'asked-for' }, signal));
    return await this.#redeployments.ask(request, post, signal);
  }

  #nextRequest(): number {
    this.#lastRequest += 1;
    return this.#lastRequest;
  }

  /**
   * Takes over what a former leader has left. Before anybody is answered; `run` does it unless it was done.
   * @throws StreamError when records cannot be read; the abort error of the signal
   */
  async recover(signal: AbortSignal): Promise<void> {
    this.#isRecovered = true;
    try {
      await this.#takeOver(signal);
    } catch (error) {
      await this.#end();
      throw error;
    }
  }

  async #takeOver(signal: AbortSignal): Promise<void> {
    const { store, snapshots, remakeConnectors, clock, logger } = this.#deps;
    const { records, cluster } = await loadCluster({ store, snapshots, clock, logger }, signal);
    this.#writer.know(records);
    const open = cluster.jobs.filter(({ terminal }) => terminal === undefined).map(({ record }) => record.spec);
    await remakeAll(
      open,
      {
        remakeConnectors,
        connectors: this.#connectors,
        isWanted: (spec) => this.#isOpen(spec),
        scope: this.#scope,
        clock,
        logger,
      },
      signal,
    );
    const step = recoverKernel(cluster, this.#context());
    logChanges(EMPTY_KERNEL, step.state, logger);
    await performEffects(step, this.#effects(signal));
  }

  #isOpen({ jobId, lineage }: JobSpec): boolean {
    const job = this.state.jobs.get(jobId);
    return job !== undefined && !hasEnded(job) && job.spec.lineage === lineage;
  }

  /** Ends when the signal aborts; throws when the coordinator must not go on. */
  async run(signal: AbortSignal): Promise<void> {
    if (!this.#isRecovered && !(await this.#recoverUntil(signal))) {
      return;
    }
    this.#scope.spawn(async (ending) => {
      await this.#tick(ending);
    });
    try {
      for (;;) {
        const event = await this.#inbox.take(signal);
        if (this.#deps.isProven?.() === false) {
          return;
        }
        if (event === undefined || !(await this.#stepUntil(event, signal))) {
          return;
        }
        if (this.#broken !== undefined) {
          throw this.#broken.error;
        }
      }
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    this.#hasEnded = true;
    this.#refuseSubmissions();
    await this.#scope.close();
    await Promise.allSettled([...this.#connectors.values()].map(closeConnectors));
  }

  async #recoverUntil(signal: AbortSignal): Promise<boolean> {
    return await untilEnd(signal, async () => {
      await this.recover(signal);
    });
  }

  /** False when the end came while something was being made durable: what the step would have sent is not sent. */
  async #stepUntil(event: KernelEvent, signal: AbortSignal): Promise<boolean> {
    return await untilEnd(signal, async () => {
      await this.#step(event, signal);
    });
  }

  async #step(event: KernelEvent, ending: AbortSignal): Promise<void> {
    if (event.kind === 'tick') {
      this.#tickIsQueued = false;
    }
    const before = this.state;
    const step = kernelStep(before, event, this.#context());
    logChanges(before, step.state, this.#deps.logger, event.kind === 'goodbye');
    await performEffects(step, this.#effects(ending));
    this.#forgetDeleted(step);
  }

  #forgetDeleted(step: KernelStep): void {
    for (const effect of step.persist) {
      if (effect.kind === 'delete-job') {
        this.metrics.forget(effect.jobId);
      }
    }
  }

  #context(): KernelContext {
    const { clock, random, epoch, settings } = this.#deps;
    return { now: clock.monotonicMs(), wallMs: clock.nowMs(), random, epoch, settings };
  }

  #effects(ending: AbortSignal): Parameters<typeof performEffects>[1] {
    const { snapshots, copySavepoint, probe, shapeJob, epoch, clock, logger } = this.#deps;
    return {
      writer: this.#writer,
      snapshots,
      copySavepoint,
      probe,
      shapeJob,
      ending,
      epoch,
      clock,
      logger,
      connections: this.connections,
      connectors: this.#connectors,
      scope: this.#scope,
      publish: (state) => this.#watchers.publish(state),
      raise: (event) => this.raise(event),
      answer: (request, answer) => this.#answer(request, answer),
      answerSavepoint: (request, answer) => this.#savepoints.answer(request, answer),
      answerRedeploy: (request, answer) => this.#redeployments.answer(request, answer),
    };
  }

  #answer(request: number, answer: SubmitAnswer): void {
    const submission = this.#submissions.get(request);
    if (submission === undefined) {
      return;
    }
    this.#submissions.delete(request);
    if (answer.kind === 'accepted') {
      this.metrics.forget(answer.jobId);
      this.#connectors.set(answer.jobId, submission.connectors);
    }
    submission.answer(answer);
  }

  #refuseSubmissions(): void {
    for (const submission of this.#submissions.values()) {
      submission.answer({ kind: 'refused', failure: STOPPING });
    }
    this.#submissions.clear();
    this.#savepoints.end();
    this.#redeployments.end();
  }

  async #tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.clock.sleep(untilNextTickMs(this.state, this.#deps.clock.monotonicMs(), TICK_MS), signal);
      if (!this.#tickIsQueued) {
        this.#tickIsQueued = true;
        const heard = this.#heard;
        this.#heard = new Map();
        this.raise({ kind: 'tick', heard });
      }
    }
  }
}

/** False when the signal ended it. */
async function untilEnd(signal: AbortSignal, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (signal.aborted && (isAbort(error) || error === signal.reason)) {
      return false;
    }
    throw error;
  }
}

/** A checked job, with the coordinator's halves of its connectors. */
export interface NewJob {
  readonly spec: JobSpec;
  readonly connectors: JobConnectors;
  readonly origin?: JobOrigin | undefined;
}

interface PendingSubmission {
  readonly connectors: JobConnectors;
  readonly answer: (answer: SubmitAnswer) => void;
}
