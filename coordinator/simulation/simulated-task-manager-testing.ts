import type {
  AttemptKey,
  Deployment,
  FromCoordinator,
  FromTaskManager,
  SlotPlace,
  SplitAssignment,
  TaskState,
} from '../../shared/control/messages.ts';
import { attemptName } from '../../shared/control/messages.ts';
import { parseIncarnation, parseOperatorUid, parseSubtaskIndex, parseTaskManagerId } from '../../shared/ids.ts';
import type { SubtaskIndex, TaskManagerId, VertexId } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';
import type { Random } from '../../shared/random/random.ts';
import type { EventQueue } from './event-queue-testing.ts';
import type { SimulatedJob } from './simulated-jobs-testing.ts';

/** What a simulated task manager needs of its world. */
export interface Surroundings {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly jobs: ReadonlyMap<string, SimulatedJob>;
  /** Share of subtasks that fail, while faults are on. */
  failureRate(): number;
  /** Opens a control stream; messages of the other side come to `receive`. */
  dial(taskManager: SimulatedTaskManager): Stream;
}

export interface Stream {
  send(message: FromTaskManager): void;
}

interface RunningAttempt {
  readonly key: AttemptKey;
  readonly deployment: Deployment;
  readonly mine: readonly SlotPlace[];
  readonly subtasks: Map<string, { readonly vertex: VertexId; readonly subtask: SubtaskIndex; state: TaskState }>;
  isCancelled: boolean;
  isStarted: boolean;
}

/**
 * What of a task manager the coordinator can notice: its process (crash, freeze), its connection, its slots, and the
 * lifecycle of subtasks. It obeys the control protocol; when, and whether in time, is up to the seed.
 */
export class SimulatedTaskManager {
  readonly id: TaskManagerId;
  readonly slots: number;
  readonly #world: Surroundings;
  readonly #attempts = new Map<string, RunningAttempt>();
  readonly #slotOwners = new Map<number, string>();
  #incarnation = 0;
  #stream: Stream | undefined;
  #isUp = false;
  #isFrozen = false;
  readonly #unread: (() => void)[] = [];

  constructor(name: string, slots: number, world: Surroundings) {
    this.id = parseTaskManagerId(name);
    this.slots = slots;
    this.#world = world;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Starts the process, as a new incarnation. */
  boot(): void {
    this.#incarnation += 1;
    this.#isUp = true;
    this.#isFrozen = false;
    this.#unread.length = 0;
    this.#attempts.clear();
    this.#slotOwners.clear();
    this.connect();
    this.#beat(this.#incarnation);
  }

  /** kill -9. */
  crash(): void {
    this.#isUp = false;
    this.#isFrozen = false;
    this.#unread.length = 0;
    this.#stream = undefined;
    this.#attempts.clear();
    this.#slotOwners.clear();
  }

  /** SIGSTOP: it neither hears nor says anything; its threads, in this model, stop too. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** SIGCONT: it reads what has piled up, in order, also what came on a stream that has ended since. */
  thaw(): void {
    this.#isFrozen = false;
    this.#unread.splice(0).forEach((read) => {
      read();
    });
  }

  /** The stream has ended, and this side has noticed: it dials again; what runs goes on. */
  disconnected(from: unknown): void {
    if (this.#isFrozen) {
      this.#unread.push(() => {
        this.disconnected(from);
      });
      return;
    }
    if (this.#stream !== from) {
      return;
    }
    this.#stream = undefined;
    const { queue, random } = this.#world;
    const incarnation = this.#incarnation;
    queue.after(random.below(500), () => {
      if (this.#isUp && this.#incarnation === incarnation && this.#stream === undefined) {
        this.connect();
      }
    });
  }

  connect(): void {
    this.#stream = this.#world.dial(this);
    this.#say({
      kind: 'register',
      taskManager: this.id,
      incarnation: parseIncarnation(`i${this.#incarnation}`),
      dataAddress: `${this.id}:1`,
      slots: this.slots,
      version: '1',
      attempts: [...this.#attempts.values()].map(({ key }) => key),
    });
  }

  receive(message: FromCoordinator): void {
    if (this.#isFrozen) {
      this.#unread.push(() => {
        this.receive(message);
      });
      return;
    }
    switch (message.kind) {
      case 'deploy':
        this.#deploy(message.deployment);
        return;
      case 'start':
        this.#start(message);
        return;
      case 'cancel':
        this.#cancel(message);
        return;
      case 'registered':
        message.cancel.forEach((key) => {
          this.#cancel(key);
        });
        return;
      case 'assign-splits':
        this.#assign(message);
        return;
      case 'refused':
      case 'heartbeat-ack':
        return;
      default:
        message satisfies never;
    }
  }

  #deploy(deployment: Deployment): void {
    const key = { jobId: deployment.jobId, attempt: deployment.attempt };
    const mine = deployment.slots.filter((place) => place.taskManager === this.id);
    for (const place of mine) {
      // The coordinator has waited for the end of whatever ran there: no slot ever runs two attempts.
      invariant(!this.#slotOwners.has(place.slotIndex), `slot ${place.slotIndex} of ${this.id} runs two attempts`);
      this.#slotOwners.set(place.slotIndex, attemptName(key));
    }
    const job = this.#world.jobs.get(deployment.jobId);
    const subtasks: RunningAttempt['subtasks'] = new Map();
    for (const { id: vertex, parallelism, firstSlot } of job?.spec.vertices ?? []) {
      for (let i = 0; i < parallelism; i += 1) {
        if (mine.some((place) => place.slot === firstSlot + i)) {
          subtasks.set(`${vertex}/${i}`, { vertex, subtask: parseSubtaskIndex(i), state: 'initializing' });
        }
      }
    }
    const attempt = { key, deployment, mine, subtasks, isCancelled: false, isStarted: false };
    this.#attempts.set(attemptName(key), attempt);
    for (const name of subtasks.keys()) {
      if (this.#world.random.below(3) === 0) {
        this.#ask(attempt, name);
      }
      this.#later(attempt, 50, () => {
        this.#advance(attempt, name, this.#fails() ? 'failed' : 'ready');
      });
    }
  }

  #start(key: AttemptKey): void {
    const attempt = this.#attempts.get(attemptName(key));
    if (attempt === undefined) {
      return;
    }
    attempt.isStarted = true;
    const sources = this.#sourcesOf(attempt);
    for (const [name, { vertex }] of attempt.subtasks) {
      this.#advance(attempt, name, 'running');
      if (sources.has(vertex)) {
        this.#ask(attempt, name);
      } else {
        this.#later(attempt, 2_000, () => {
          this.#advance(attempt, name, this.#fails() ? 'failed' : 'finished');
        });
      }
    }
  }

  #assign(assignment: { readonly kind: 'assign-splits' } & SplitAssignment): void {
    const attempt = this.#attempts.get(attemptName(assignment));
    const name = `${assignment.vertex}/${assignment.subtask}`;
    if (attempt?.subtasks.has(name) !== true) {
      return;
    }
    this.#later(attempt, 300, () => {
      this.#advance(attempt, name, this.#fails() ? 'failed' : assignment.noMore ? 'finished' : 'running');
      this.#ask(attempt, name);
    });
  }

  #ask(attempt: RunningAttempt, name: string): void {
    const subtask = attempt.subtasks.get(name);
    if (subtask !== undefined && this.#sourcesOf(attempt).has(subtask.vertex)) {
      this.#say({ kind: 'split-request', ...attempt.key, vertex: subtask.vertex, subtask: subtask.subtask });
    }
  }

  #cancel(key: AttemptKey): void {
    const attempt = this.#attempts.get(attemptName(key));
    if (attempt === undefined || attempt.isCancelled) {
      return;
    }
    attempt.isCancelled = true;
    const { random } = this.#world;
    const isSlow = random.below(20) === 0;
    this.#world.queue.after(isSlow ? 40_000 : random.below(400), () => {
      this.#end(attempt, 'cancelled');
    });
  }

  #advance(attempt: RunningAttempt, name: string, state: TaskState): void {
    const subtask = attempt.subtasks.get(name);
    const isOver = subtask === undefined || ['finished', 'failed', 'cancelled'].includes(subtask.state);
    if (isOver || subtask.state === state) {
      return;
    }
    subtask.state = state;
    const { vertex } = subtask;
    const isSink = vertex === 'sink' && state === 'finished';
    this.#say({
      kind: 'task-report',
      report: {
        ...attempt.key,
        vertex,
        subtask: subtask.subtask,
        state,
        committables: isSink
          ? [{ sink: parseOperatorUid('sink'), committables: [`${attemptName(attempt.key)}/${subtask.subtask}`] }]
          : [],
        metrics: [],
        ...(state === 'failed' ? { failure: this.#failure() } : {}),
      },
    });
    if ([...attempt.subtasks.values()].every((other) => other.state === 'finished')) {
      this.#world.queue.after(this.#world.random.below(100), () => {
        this.#end(attempt, 'finished');
      });
    }
  }

  #failure(): { readonly code: string; readonly reaction: 'restart-job' | 'fail-job'; readonly message: string } {
    const isFatal = this.#world.random.below(40) === 0;
    return { code: 'simulated', reaction: isFatal ? 'fail-job' : 'restart-job', message: 'a subtask failed' };
  }

  #end(attempt: RunningAttempt, as: 'cancelled' | 'finished'): void {
    const name = attemptName(attempt.key);
    if (!this.#isUp || this.#attempts.get(name) !== attempt) {
      return;
    }
    if (as === 'cancelled' && this.#world.random.below(2) === 0) {
      for (const subtask of attempt.subtasks.keys()) {
        this.#advance(attempt, subtask, 'cancelled');
      }
    }
    this.#attempts.delete(name);
    for (const place of attempt.mine) {
      if (this.#slotOwners.get(place.slotIndex) === name) {
        this.#slotOwners.delete(place.slotIndex);
      }
    }
    this.#say({ kind: 'attempt-ended', ...attempt.key });
  }

  #later(attempt: RunningAttempt, mostMs: number, run: () => void): void {
    const { queue, random } = this.#world;
    queue.after(1 + random.below(mostMs), () => {
      if (this.#isFrozen) {
        this.#later(attempt, 500, run);
        return;
      }
      if (this.#attempts.get(attemptName(attempt.key)) === attempt && !attempt.isCancelled && this.#isUp) {
        run();
      }
    });
  }

  #sourcesOf(attempt: RunningAttempt): ReadonlySet<VertexId> {
    const job = this.#world.jobs.get(attempt.key.jobId);
    return new Set(job?.spec.sources.map(({ vertex }) => vertex));
  }

  #fails(): boolean {
    return this.#world.random.next() < this.#world.failureRate();
  }

  #beat(incarnation: number): void {
    this.#world.queue.after(1_000, () => {
      if (this.#isUp && this.#incarnation === incarnation) {
        if (!this.#isFrozen) {
          this.#say({ kind: 'heartbeat', sentAtMs: 0, metrics: [] });
        }
        this.#beat(incarnation);
      }
    });
  }

  #say(message: FromTaskManager): void {
    this.#stream?.send(message);
  }
}
