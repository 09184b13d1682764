import type { AttemptKey, FromCoordinator, FromTaskManager, Registration } from '../../shared/control/messages.ts';
import { parseLeaderEpoch } from '../../shared/ids.ts';
import type { CheckpointId, SplitId } from '../../shared/ids.ts';
import { invariant, required } from '../../shared/invariant.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';
import { DEFAULT_CHECKPOINT_SETTINGS } from '../checkpoints/checkpoint-settings.ts';
import type { KernelContext, KernelEvent, KernelSend, KernelStep } from '../kernel/kernel-events.ts';
import { EMPTY_KERNEL } from '../kernel/kernel-state.ts';
import type { KernelSettings, KernelState } from '../kernel/kernel-state.ts';
import { kernelStep } from '../kernel/kernel-step.ts';
import { recoverKernel } from '../kernel/recover-kernel.ts';
import { shapeSpec } from '../jobs/shape-spec.ts';
import { hasEnded } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import { parseConnectionId } from '../membership/ids.ts';
import type { ConnectionId } from '../membership/ids.ts';
import { FLINK_EXPONENTIAL_DELAY } from '../recovery/restart-policy.ts';
import { EventQueue, Link } from './event-queue-testing.ts';
import { KernelInvariants } from './kernel-invariants-testing.ts';
import { simulatedJob } from './simulated-jobs-testing.ts';
import type { SimulatedJob } from './simulated-jobs-testing.ts';
import { SimulatedRecords } from './simulated-records-testing.ts';
import { SimulatedTaskManager } from './simulated-task-manager-testing.ts';
import type { Stream } from './simulated-task-manager-testing.ts';

/** Faults are injected until then; afterwards everything must come to its end. */
const FAULTS_MS = 20_000;
/**
 * A write of the former job under the same id that has been on its way for longer than the records of the former stand would find
 * none in its place, and land: its leader would be fenced by itself. None is under way for so long here.
 */
const RESUBMIT_MS = FAULTS_MS + 6_000;
/** Longer than every deadline and delay together: a job that has not ended by then hangs. */
const END_MS = 2_000_000;

interface Connection {
  readonly toTaskManager: Link<FromCoordinator>;
  readonly toCoordinator: Link<FromTaskManager>;
  readonly taskManager: SimulatedTaskManager;
  readonly stream: Stream;
  isOpen: boolean;
}

/** Ways to break what a new leader does, each in one place of the world. A simulation that does not notice one proves nothing. */
export const KERNEL_MUTATIONS = [
  /** A new leader reads the records and adopts what runs before its predecessor's writes are refused. */
  'adoption-before-token',
  /** A new leader discovers and assigns splits without having heard which of them the readers have. */
  'discovery-before-reports',
] as const;
export type KernelMutation = (typeof KERNEL_MUTATIONS)[number];

/** A coordinator's kernel and its cluster, run from one seed: the same seed gives the same run. */
export class SimulatedWorld {
  readonly queue = new EventQueue();
  readonly random: Random;
  readonly jobs = new Map<string, SimulatedJob>();
  invariants = new KernelInvariants();
  readonly #taskManagers: SimulatedTaskManager[] = [];
  readonly #connections = new Map<ConnectionId, Connection>();
  readonly #looks = new Map<string, number>();
  readonly #settings: KernelSettings;
  #heard = new Map<ConnectionId, number>();
  #state: KernelState = EMPTY_KERNEL;
  #lastConnection = 0;
  #isStepping = false;
  #pending: KernelEvent[] = [];
  readonly records = new SimulatedRecords();
  #epoch = 1n;
  /** Between two leaders nobody listens. */
  #isLed = true;
  /** How often something rare has happened: a simulation in which it never does proves nothing about it. */
  readonly happened = new Map<string, number>();
  readonly #readers = new Map<string, string>();
  readonly #abandoned = new Set<string>();

  readonly #mutation: KernelMutation | undefined;

  constructor(seed: number, mutation?: KernelMutation) {
    this.#mutation = mutation;
    this.random = seededRandom(seed);
    this.#settings = {
      version: '1',
      heartbeatIntervalMs: 1_000,
      heartbeatTimeoutMs: 8_000,
      restart: FLINK_EXPONENTIAL_DELAY,
      quarantineFailures: 1,
      deployTimeoutMs: 60_000,
      endTimeoutMs: 30_000,
      endedJobsMax: 1 + this.random.below(4),
      abandonTimeoutMs: 30_000,
      adoptionTimeoutMs: 10_000,
      checkpoints: { ...DEFAULT_CHECKPOINT_SETTINGS, intervalMs: 300 + this.random.below(2_000), timeoutMs: 5_000 },
      scaling: {
        cooldownMs: 500 + this.random.below(3_000),
        stabilizationMs: this.random.below(3_000),
        failedCheckpointsMax: 1 + this.random.below(3),
      },
      checkpointDirectory: '/checkpoints',
      clusterId: 'simulated',
    };
    const count = 1 + this.random.below(4);
    for (let i = 0; i < count; i += 1) {
      this.#taskManagers.push(new SimulatedTaskManager(`tm-${i}`, 1 + this.random.below(3), this));
    }
  }

  get state(): KernelState {
    return this.#state;
  }

  failureRate(): number {
    return this.queue.now < FAULTS_MS ? 0.03 : 0;
  }

  /** Runs to the end; throws at the first broken invariant, and when a job does not come to its end. */
  run(): ReadonlyMap<string, Job> {
    this.#taskManagers.forEach((taskManager) => {
      this.queue.after(this.random.below(3_000), () => {
        taskManager.boot();
      });
    });
    const slots = this.#taskManagers.reduce((sum, taskManager) => sum + taskManager.slots, 0);
    const count = 1 + this.random.below(3);
    for (let i = 0; i < count; i += 1) {
      const job = simulatedJob(`job-${i}`, this.random, slots);
      this.jobs.set(job.spec.jobId, job);
      this.queue.after(this.random.below(10_000), () => {
        this.#post({ kind: 'submit', request: i, spec: job.spec });
      });
      if (this.random.below(5) === 0) {
        this.queue.after(this.random.below(15_000), () => {
          this.#post({ kind: 'cancel', jobId: job.spec.jobId });
        });
      }
      this.#redeployLater(job);
      if (this.random.below(8) === 0) {
        this.queue.after(RESUBMIT_MS + this.random.below(20_000), () => {
          this.#post({ kind: 'submit', request: 100 + i, spec: { ...job.spec } });
        });
      }
    }
    this.#fault();
    this.#tick();
    this.queue.runUntil(END_MS, () => this.queue.now > FAULTS_MS * 2 && this.#isQuiet());
    if (!this.#isQuiet()) {
      const states = [...this.#state.jobs.values()].map((job) => `${job.spec.jobId} ${job.kind}`).join(', ');
      throw new Error(`not at its end after ${END_MS} ms: ${states}`);
    }
    return this.#state.jobs;
  }

  left(): void {
    this.#note('drained');
  }

  /** Somebody asks for another parallelism, or for none in particular. */
  #redeployLater(job: SimulatedJob): void {
    this.queue.after(200 + this.random.below(8_000), () => {
      if (this.queue.now > FAULTS_MS || this.random.below(4) === 0) {
        return;
      }
      const spec =
        job.spec.reactive === undefined && this.random.below(4) > 0 ? job.draw(1 + this.random.below(6)) : undefined;
      this.#post({ kind: 'redeploy', jobId: job.spec.jobId, request: 7, spec, purpose: 'asked-for' });
      this.#redeployLater(job);
    });
  }

  barrier(key: AttemptKey, checkpoint: CheckpointId): void {
    for (const taskManager of this.#taskManagers) {
      this.queue.after(this.random.below(60), () => {
        taskManager.takeBarrier(key, checkpoint);
      });
    }
  }

  assigned({ jobId, attempt }: AttemptKey, split: SplitId, reader: string): void {
    const name = `${jobId}#${attempt}/${split}`;
    invariant((this.#readers.get(name) ?? reader) === reader, `split ${split} has two readers in attempt ${attempt}`);
    this.#readers.set(name, reader);
  }

  /** kill -9 of the leader; another one follows, with nothing but what is stored. */
  #depose(): void {
    this.#isLed = false;
    this.#pending = [];
    this.#epoch += 1n;
    [...this.#connections.keys()].forEach((id) => {
      this.#cut(id);
    });
    this.queue.after(500 + this.random.below(4_000), () => {
      if (this.#mutation === 'adoption-before-token') {
        const epoch = this.#epoch;
        this.queue.after(this.random.below(4_000), () => {
          this.records.raise(epoch);
        });
      } else {
        this.records.raise(this.#epoch);
      }
      const former = this.invariants;
      this.invariants = new KernelInvariants();
      const loaded = this.records.load();
      this.invariants.takeOver(former, loaded);
      this.#state = EMPTY_KERNEL;
      this.#heard = new Map();
      this.#isLed = true;
      this.#note('leaders');
      const step = recoverKernel(loaded, this.#context());
      this.#take(EMPTY_KERNEL, undefined, step);
    });
  }

  #note(what: string): void {
    this.happened.set(what, (this.happened.get(what) ?? 0) + 1);
  }

  dial(taskManager: SimulatedTaskManager): Stream {
    this.#lastConnection += 1;
    const id = parseConnectionId(this.#lastConnection);
    const delay = (): number => 1 + this.random.below(this.random.below(10) === 0 ? 300 : 20);
    const connection: Connection = {
      taskManager,
      isOpen: true,
      stream: {
        send: (message) => {
          connection.toCoordinator.send(message);
        },
      },
      toTaskManager: new Link(this.queue, delay, (message) => {
        taskManager.receive(message);
      }),
      toCoordinator: new Link(this.queue, delay, (message) => {
        this.#arrive(id, message);
      }),
    };
    this.#connections.set(id, connection);
    if (!this.#isLed) {
      this.#cut(id);
    }
    return connection.stream;
  }

  #arrive(id: ConnectionId, message: FromTaskManager): void {
    this.#heard.set(id, this.queue.now);
    switch (message.kind) {
      case 'register':
        this.#post({ kind: 'register', connection: id, registration: this.#heardOf(message) });
        return;
      case 'heartbeat':
        return;
      case 'task-report':
        this.#post({ kind: 'task-report', connection: id, report: message.report });
        return;
      default:
        this.#post({ ...message, connection: id });
    }
  }

  #heardOf(registration: Registration): Registration {
    if (this.#mutation !== 'discovery-before-reports' || this.#epoch === 1n) {
      return registration;
    }
    const attempts = registration.attempts.map((report) => ({
      ...report,
      subtasks: report.subtasks.map((subtask) => ({ ...subtask, splits: [] })),
    }));
    return { ...registration, attempts };
  }

  /** Both directions end at once; the two sides notice when they do. */
  #cut(id: ConnectionId): void {
    const connection = this.#connections.get(id);
    if (connection?.isOpen !== true) {
      return;
    }
    connection.isOpen = false;
    connection.toTaskManager.cut();
    connection.toCoordinator.cut();
    this.queue.after(1 + this.random.below(this.random.below(4) === 0 ? 9_000 : 50), () => {
      this.#post({ kind: 'connection-lost', connection: id });
    });
    this.queue.after(1 + this.random.below(2_000), () => {
      connection.taskManager.disconnected(connection.stream);
    });
  }

  #cutAllOf(taskManager: SimulatedTaskManager): void {
    for (const [id, connection] of this.#connections) {
      if (connection.taskManager === taskManager) {
        this.#cut(id);
      }
    }
  }

  #fault(): void {
    this.queue.after(this.random.below(4_000), () => {
      if (this.queue.now < FAULTS_MS && this.#isLed && this.random.below(6) === 0) {
        this.#depose();
      }
      const taskManager = this.#taskManagers[this.random.below(this.#taskManagers.length)];
      if (this.queue.now >= FAULTS_MS || taskManager === undefined) {
        return;
      }
      if (taskManager.isUp) {
        this.#harm(taskManager);
      }
      this.#fault();
    });
  }

  #harm(taskManager: SimulatedTaskManager): void {
    switch (this.random.below(5)) {
      case 3:
      case 4:
        taskManager.drain();
        return;
      case 0:
        this.#cutAllOf(taskManager);
        return;
      case 1:
        taskManager.crash();
        this.#cutAllOf(taskManager);
        this.queue.after(200 + this.random.below(6_000), () => {
          if (!taskManager.isUp) {
            taskManager.boot();
          }
        });
        return;
      default:
        taskManager.freeze();
        this.queue.after(this.random.below(15_000), () => {
          taskManager.thaw();
        });
    }
  }

  #tick(): void {
    this.queue.after(100, () => {
      const heard = this.#heard;
      this.#heard = new Map();
      this.#post({ kind: 'tick', heard });
      this.#tick();
    });
  }

  #post(event: KernelEvent): void {
    if (!this.#isLed) {
      if (event.kind === 'submit' || event.kind === 'cancel') {
        // A client asks again until somebody answers.
        this.queue.after(500, () => {
          this.#post(event);
        });
      }
      return;
    }
    this.#pending.push(event);
    if (this.#isStepping) {
      return;
    }
    this.#isStepping = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      this.#step(next);
    }
    this.#isStepping = false;
  }

  #step(event: KernelEvent): void {
    const before = this.#state;
    this.#take(before, event, kernelStep(before, event, this.#context()));
  }

  #take(before: KernelState, event: KernelEvent | undefined, step: KernelStep): void {
    this.invariants.check(before, event, step, this.queue.now);
    for (const [jobId, job] of step.state.jobs) {
      if (before.jobs.get(jobId)?.kind === 'recovering' && job.kind === 'running') {
        this.#note('adopted');
      }
    }
    this.#state = step.state;
    for (const recorded of this.records.persist(step.persist)) {
      this.#later(20, recorded);
    }
    step.send.forEach((effect) => {
      this.#perform(effect);
    });
  }

  #context(): KernelContext {
    const { now } = this.queue;
    const epoch = parseLeaderEpoch(this.#epoch);
    return { now, wallMs: now, random: this.random, epoch, settings: this.#settings };
  }

  /** An answer to this leader. */
  #later(mostMs: number, event: KernelEvent): void {
    const epoch = this.#epoch;
    this.queue.after(1 + this.random.below(mostMs), () => {
      if (this.#epoch === epoch) {
        this.#post(event);
      }
    });
  }

  /** Answers may be lost, and writes may land late. */
  #write(effect: Extract<KernelSend, { kind: 'write-checkpoint' }>): void {
    const { jobId, attempt, write } = effect;
    const isFaulty = this.queue.now < FAULTS_MS && this.random.below(8) === 0;
    if (!isFaulty) {
      const epoch = this.#epoch;
      this.queue.after(this.random.below(30), () => {
        const answer = this.records.write(effect);
        if (this.#epoch === epoch) {
          this.#later(30, answer);
        }
      });
      return;
    }
    const lands = this.random.below(3);
    if (lands > 0) {
      this.queue.after(lands === 1 ? 1 : this.random.below(6_000), () => {
        this.records.write(effect);
      });
    }
    const answer =
      write.kind === 'put-object'
        ? ({ kind: 'object-answered', checkpoint: write.metadata.checkpoint, answer: { kind: 'ambiguous' } } as const)
        : ({ kind: 'record-answered', record: write.record.kind, answer: { kind: 'ambiguous' } } as const);
    this.#later(200, { kind: 'checkpoint-written', jobId, attempt, answer });
  }

  #perform(effect: KernelSend): void {
    switch (effect.kind) {
      case 'message':
        this.#connections.get(effect.connection)?.toTaskManager.send(effect.message);
        return;
      case 'close-connection':
        this.#cut(effect.connection);
        return;
      case 'raise':
        this.#post(effect.event);
        return;
      case 'discover':
        this.#discover(effect.jobId, effect);
        return;
      case 'commit': {
        const { jobId, checkpoint, sink, tries, committables } = effect;
        const failure = { code: 'busy', reaction: 'retry', message: 'busy' } as const;
        const which = { jobId, checkpoint, sink, tries };
        if (this.random.below(4) === 0) {
          this.#later(500, { kind: 'commit-failed', ...which, failure });
          return;
        }
        for (const committable of committables) {
          const [attempt = ''] = committable.split('/');
          invariant(!this.#abandoned.has(attempt), `${committable} is committed after its attempt was abandoned`);
        }
        this.#note('committed');
        this.#later(500, { kind: 'committed', ...which });
        return;
      }
      case 'abandon': {
        const { jobId, sink, tries, attempt } = effect;
        const which = { jobId, attempt: attempt.attempt, sink, tries };
        const failure = { code: 'busy', reaction: 'retry', message: 'busy' } as const;
        if (this.random.below(4) === 0) {
          this.#later(500, { kind: 'abandon-failed', ...which, failure });
          return;
        }
        this.#abandoned.add(`${jobId}#${attempt.attempt}`);
        this.#later(500, { kind: 'abandoned', ...which });
        return;
      }
      case 'write-checkpoint':
        this.#write(effect);
        return;
      case 'probe': {
        const { taskManager, incarnation } = effect;
        const isUp = this.#taskManagers.find(({ id }) => id === taskManager)?.isUp === true;
        const result = this.random.below(5) === 0 ? 'unknown' : isUp ? 'alive' : 'refused';
        this.#later(600, { kind: 'probed', taskManager, incarnation, result });
        return;
      }
      case 'fenced':
        throw new Error('a leader that is alone was fenced');
      case 'note-completed':
        this.#note('checkpoints');
        return;
      case 'note-failed':
        this.#note('failed checkpoints');
        return;
      case 'shape-job':
        this.#shape(effect);
        return;
      case 'note-rescaled':
        this.#note(`rescaled: ${effect.reason}`);
        return;
      case 'note-not-redeployed':
        this.#note('not redeployed');
        return;
      case 'answer-redeploy':
        this.#note(`redeployment ${effect.answer.kind}`);
        return;
      case 'copy-savepoint':
      case 'answer-savepoint':
      case 'answer':
      case 'close-job':
        return;
      default:
        effect satisfies never;
    }
  }

  #shape({ jobId, spec, slots }: Extract<KernelSend, { kind: 'shape-job' }>): void {
    const asked = { jobId, slots, of: spec };
    if (this.random.below(10) === 0) {
      const failure = { code: 'away', reaction: 'retry', message: 'away' } as const;
      this.#later(2_000, { kind: 'job-not-shaped', ...asked, failure });
      return;
    }
    const { draw } = required(this.jobs.get(jobId), `job ${jobId}`);
    const shaped = shapeSpec(draw, required(spec.reactive, 'a reactive job'), slots);
    this.#later(this.random.below(4) === 0 ? 3_000 : 50, { kind: 'job-shaped', ...asked, spec: shaped });
  }

  #discover(jobId: string, effect: Extract<KernelSend, { kind: 'discover' }>): void {
    const { vertex } = effect;
    if (this.random.below(10) === 0) {
      const failure = { code: 'away', reaction: 'retry', message: 'away' } as const;
      this.#later(800, { kind: 'discovery-failed', jobId: effect.jobId, vertex, failure });
      return;
    }
    const finds = this.jobs.get(jobId)?.finds ?? [];
    const look = this.#looks.get(jobId) ?? 0;
    this.#looks.set(jobId, look + 1);
    const splits = finds.slice(0, look + 1).flat();
    const discovery = { splits, isComplete: look + 1 >= finds.length };
    this.#later(800, { kind: 'discovered', jobId: effect.jobId, vertex, discovery });
  }

  #isQuiet(): boolean {
    return this.#isLed && [...this.#state.jobs.values()].every(hasEnded);
  }
}
