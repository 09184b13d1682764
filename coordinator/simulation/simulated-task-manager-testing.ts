import type {
  AttemptKey,
  AttemptReport,
  Deployment,
  FromCoordinator,
  FromTaskManager,
  SlotPlace,
  SplitAssignment,
  TaskState,
} from '../../shared/control/messages.ts';
import { attemptName } from '../../shared/control/messages.ts';
import type { Acknowledgement, OperatorSnapshot, SubtaskSnapshot } from '../../shared/control/acknowledgement.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { SplitSnapshot } from '../../shared/connector/source.ts';
import {
  parseIncarnation,
  parseLeaderEpoch,
  parseOperatorUid,
  parseSubtaskIndex,
  parseTaskManagerId,
} from '../../shared/ids.ts';
import type { CheckpointId, SplitId, SubtaskIndex, TaskManagerId, VertexId } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';
import type { Random } from '../../shared/random/random.ts';
import type { EventQueue } from './event-queue-testing.ts';
import { SINK } from './simulated-jobs-testing.ts';
import type { SimulatedJob } from './simulated-jobs-testing.ts';

/** What a simulated task manager needs of its world. */
export interface Surroundings {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly jobs: ReadonlyMap<string, SimulatedJob>;
  /** Share of subtasks that fail, while faults are on. */
  failureRate(): number;
  /** A barrier has started somewhere in the attempt: it comes to each of its task managers. */
  barrier(key: AttemptKey, checkpoint: CheckpointId): void;
  /** A reader has got a split: within an attempt no other may get it. */
  assigned(key: AttemptKey, split: SplitId, reader: string): void;
  /** A task manager that drained has handed over all that it ran. */
  left(taskManager: SimulatedTaskManager): void;
  /** Opens a control stream; messages of the other side come to `receive`. */
  dial(taskManager: SimulatedTaskManager): Stream;
}

export interface Stream {
  send(message: FromTaskManager): void;
}

/** Whose function fails, whenever a subtask does. */
const POISONED = parseOperatorUid('poisoned');

interface SimulatedSubtask {
  readonly vertex: VertexId;
  readonly subtask: SubtaskIndex;
  state: TaskState;
  /** It has read or written all, and finishes behind the next checkpoint that holds its last state. */
  isDone: boolean;
  /** The checkpoints that hold its last state. */
  readonly lastIn: Set<CheckpointId>;
  /** Of a reader: how far each split is; negative: read to its end. */
  readonly splits: Map<SplitId, { position: number; isFinished: boolean }>;
  assignment: number;
  /** Of a sink: prepared and not known to be covered by a marker. */
  prepared: { readonly committable: string; readonly preparedFor: CheckpointId }[];
}

interface RunningAttempt {
  readonly key: AttemptKey;
  readonly deployment: Deployment;
  readonly mine: readonly SlotPlace[];
  readonly subtasks: Map<string, SimulatedSubtask>;
  /** Checkpoints whose barrier was seen. */
  readonly seen: Set<CheckpointId>;
  readonly aborted: Set<CheckpointId>;
  /** Made while no coordinator listened. */
  held: Acknowledgement[];
  completed: CheckpointId | undefined;
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
  /** It has been asked to end (SIGTERM), and waits until nothing runs here. */
  #isDraining = false;
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
    this.#isDraining = false;
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

  /** SIGTERM: it leaves when nothing runs here any more, or when it has waited for that too long. */
  drain(): void {
    this.#isDraining = true;
    this.#say({ kind: 'draining' });
    const incarnation = this.#incarnation;
    this.#world.queue.after(5_000 + this.#world.random.below(20_000), () => {
      if (this.#isDraining && this.#incarnation === incarnation) {
        this.#leave();
      }
    });
    this.#leaveIfIdle();
  }

  #leaveIfIdle(): void {
    if (this.#isUp && this.#isDraining && !this.#isFrozen && this.#attempts.size === 0) {
      this.#world.left(this);
      this.#leave();
    }
  }

  #leave(): void {
    this.#isDraining = false;
    this.#say({ kind: 'goodbye', reason: 'it was asked to' });
    this.crash();
    this.#world.queue.after(500 + this.#world.random.below(10_000), () => {
      if (!this.#isUp) {
        this.boot();
      }
    });
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
      attempts: [...this.#attempts.values()].map(reportOf),
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
        if (this.#isDraining) {
          this.#say({ kind: 'draining' });
        }
        message.cancel.forEach((key) => {
          this.#cancel(key);
        });
        this.#repeatReports();
        return;
      case 'trigger-checkpoint':
        this.#onTrigger(message);
        return;
      case 'checkpoint-completed':
        this.#completed(this.#attempts.get(attemptName(message)), message.checkpoint);
        return;
      case 'checkpoint-aborted':
        this.#attempts.get(attemptName(message))?.aborted.add(message.checkpoint);
        return;
      case 'announce-checkpoints':
        this.#onAnnounce(message);
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
    const job = this.#world.jobs.get(deployment.jobId)?.draw(deployment.defaultParallelism);
    const subtasks: RunningAttempt['subtasks'] = new Map();
    for (const { id: vertex, parallelism, firstSlot } of job?.vertices ?? []) {
      for (let i = 0; i < parallelism; i += 1) {
        if (mine.some((place) => place.slot === firstSlot + i)) {
          subtasks.set(`${vertex}/${i}`, {
            vertex,
            subtask: parseSubtaskIndex(i),
            state: 'initializing',
            isDone: false,
            lastIn: new Set(),
            splits: new Map(),
            assignment: 0,
            prepared: [],
          });
        }
      }
    }
    const attempt: RunningAttempt = {
      key,
      deployment,
      mine,
      subtasks,
      seen: new Set(),
      aborted: new Set(),
      held: [],
      completed: deployment.checkpointing.restore?.checkpoint,
      isCancelled: false,
      isStarted: false,
    };
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
    const { lastsMs = 2_000 } = this.#world.jobs.get(key.jobId) ?? {};
    const sources = this.#sourcesOf(attempt);
    for (const [name, { vertex }] of attempt.subtasks) {
      this.#advance(attempt, name, 'running');
      if (sources.has(vertex)) {
        this.#ask(attempt, name);
      } else {
        this.#later(attempt, lastsMs, () => {
          this.#done(attempt, name);
        });
      }
    }
  }

  /** A subtask has nothing left to do: it fails, or finishes behind the next checkpoint. */
  #done(attempt: RunningAttempt, name: string): void {
    const subtask = attempt.subtasks.get(name);
    if (this.#fails()) {
      this.#advance(attempt, name, 'failed');
    } else if (subtask !== undefined && !subtask.isDone) {
      subtask.isDone = true;
      this.#say({ kind: 'checkpoint-wanted', ...attempt.key });
    }
  }

  #onTrigger(message: Extract<FromCoordinator, { kind: 'trigger-checkpoint' }>): void {
    const attempt = this.#attempts.get(attemptName(message));
    if (attempt !== undefined && !attempt.isCancelled) {
      this.#completed(attempt, message.completed);
      this.#world.barrier(attempt.key, message.checkpoint);
    }
  }

  /** Every channel has brought its barrier: what runs here is described at once, and prepared output is named until it is covered. */
  takeBarrier(key: AttemptKey, checkpoint: CheckpointId): void {
    const attempt = this.#attempts.get(attemptName(key));
    if (attempt === undefined) {
      return;
    }
    this.#later(attempt, 100, () => {
      if (attempt.seen.has(checkpoint) || attempt.aborted.has(checkpoint)) {
        return;
      }
      attempt.seen.add(checkpoint);
      if (this.#world.random.below(20) === 0) {
        this.#decline(attempt, checkpoint);
        return;
      }
      const running = [...attempt.subtasks.values()].filter(({ state }) => state === 'running');
      const ack = { checkpoint, subtasks: running.map((subtask) => this.#snapshot(attempt, subtask, checkpoint)) };
      if (this.#stream === undefined) {
        attempt.held.push(ack);
      } else {
        this.#say({ kind: 'acknowledge-checkpoint', ...attempt.key, ack });
      }
    });
  }

  #decline(attempt: RunningAttempt, checkpoint: CheckpointId): void {
    const [subtask] = attempt.subtasks.values();
    if (subtask !== undefined) {
      const { vertex, subtask: index } = subtask;
      const said = { checkpoint, subtask: { vertex, subtask: index }, cause: 'failed', detail: 'could not' } as const;
      this.#say({ kind: 'decline-checkpoint', ...attempt.key, ...said });
    }
  }

  #snapshot(attempt: RunningAttempt, subtask: SimulatedSubtask, checkpoint: CheckpointId): SubtaskSnapshot {
    const { random } = this.#world;
    for (const split of subtask.splits.values()) {
      split.position += split.isFinished ? 0 : random.below(50);
    }
    if (subtask.vertex === SINK && random.below(3) > 0) {
      const committable = `${attemptName(attempt.key)}/${subtask.subtask}/${checkpoint}`;
      subtask.prepared.push({ committable, preparedFor: checkpoint });
    }
    if (subtask.isDone) {
      subtask.lastIn.add(checkpoint);
    }
    const operator: OperatorSnapshot = {
      uid: parseOperatorUid(subtask.vertex),
      states: [],
      keyed: { kind: 'whole', segments: [] },
      lists: [],
      splits: splitsOf(subtask),
      committables: subtask.prepared.map((prepared) => ({ ...prepared, ageMs: 0, timeoutMs: undefined })),
      isFinished: subtask.isDone,
      watermarkMs: undefined,
    };
    return { vertex: subtask.vertex, subtask: subtask.subtask, operators: [operator] };
  }

  #completed(attempt: RunningAttempt | undefined, checkpoint: CheckpointId | undefined): void {
    if (attempt === undefined || checkpoint === undefined || checkpoint <= (attempt.completed ?? 0n)) {
      return;
    }
    attempt.completed = checkpoint;
    for (const [name, subtask] of attempt.subtasks) {
      subtask.prepared = subtask.prepared.filter(({ preparedFor }) => preparedFor > checkpoint);
      if (subtask.lastIn.has(checkpoint)) {
        this.#advance(attempt, name, 'finished');
      }
    }
  }

  #onAnnounce(message: Extract<FromCoordinator, { kind: 'announce-checkpoints' }>): void {
    const attempt = this.#attempts.get(attemptName(message));
    if (attempt === undefined) {
      return;
    }
    this.#completed(attempt, message.completed);
    const held = attempt.held.filter(({ checkpoint }) => message.pending.includes(checkpoint));
    attempt.held = [];
    held.forEach((ack) => {
      this.#say({ kind: 'acknowledge-checkpoint', ...attempt.key, ack });
    });
  }

  /** What may have been said to nobody. */
  #repeatReports(): void {
    for (const attempt of this.#attempts.values()) {
      for (const { vertex, subtask, state } of attempt.subtasks.values()) {
        const failure = state === 'failed' ? { failure: this.#failure() } : {};
        this.#say({ kind: 'task-report', report: { ...attempt.key, vertex, subtask, state, metrics: [], ...failure } });
      }
    }
  }

  #assign(assignment: { readonly kind: 'assign-splits' } & SplitAssignment): void {
    const attempt = this.#attempts.get(attemptName(assignment));
    const name = `${assignment.vertex}/${assignment.subtask}`;
    const subtask = attempt?.subtasks.get(name);
    if (attempt === undefined || subtask === undefined || assignment.assignment <= subtask.assignment) {
      return;
    }
    invariant(assignment.assignment === subtask.assignment + 1, 'a gap in what a reader is assigned');
    subtask.assignment = assignment.assignment;
    for (const { id, position } of assignment.splits) {
      this.#world.assigned(attempt.key, id, name);
      subtask.splits.set(id, { position: Number(position), isFinished: false });
    }
    this.#later(attempt, 300, () => {
      subtask.splits.forEach((split) => {
        split.isFinished = split.isFinished || this.#world.random.below(2) === 0 || assignment.noMore;
      });
      if (assignment.noMore) {
        this.#done(attempt, name);
      } else {
        this.#advance(attempt, name, this.#fails() ? 'failed' : 'running');
        this.#ask(attempt, name);
      }
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
    this.#say({
      kind: 'task-report',
      report: {
        ...attempt.key,
        vertex,
        subtask: subtask.subtask,
        state,
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

  /** Always on a record, which is quarantined with its first failure: the settings say so. */
  #failure(): Failure {
    const isFatal = this.#world.random.below(40) === 0;
    const record = { operator: POISONED, fingerprint: 'poison', error: 'TypeError', hasQuarantine: true };
    return { code: 'simulated', reaction: isFatal ? 'fail-job' : 'restart-job', message: 'a subtask failed', record };
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
    this.#leaveIfIdle();
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

function splitsOf({ splits }: SimulatedSubtask): readonly SplitSnapshot[] {
  return [...splits].map(([id, { position, isFinished }]) => ({ id, position: String(position), isFinished }));
}

function reportOf(attempt: RunningAttempt): AttemptReport {
  const { key, deployment, mine, subtasks, isCancelled, isStarted, completed } = attempt;
  return {
    ...key,
    phase: isCancelled ? 'ending' : isStarted ? 'running' : 'preparing',
    fingerprint: deployment.fingerprint,
    module: deployment.module,
    deployedBy: parseLeaderEpoch(1n),
    completed,
    subtasks: [...subtasks.values()].map((subtask) => ({
      vertex: subtask.vertex,
      subtask: subtask.subtask,
      state: subtask.state,
      slot: mine.find(({ slot }) => slot === subtask.subtask)?.slot ?? -1,
      assignment: subtask.assignment,
      splits: splitsOf(subtask),
    })),
  };
}
