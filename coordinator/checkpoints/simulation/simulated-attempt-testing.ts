import type { CheckpointMetadata } from '../../../shared/checkpoint/checkpoint-metadata.ts';
import type { SegmentRef } from '../../../shared/checkpoint/segment-ref.ts';
import { parseCheckpointId, parseKeyGroup, parseSplitId, parseSubtaskIndex } from '../../../shared/ids.ts';
import type { CheckpointId, TaskManagerId } from '../../../shared/ids.ts';
import { subtaskOfKeyGroup } from '../../../shared/keygroups/key-groups.ts';
import { alignerStep, openAligner } from '../../../taskmanager/input/barrier-aligner.ts';
import type { Aligner, AlignerEvent } from '../../../taskmanager/input/barrier-aligner.ts';
import type { OperatorSnapshot } from '../../../shared/control/acknowledgement.ts';
import type { SimulatedOutput } from './protocol-invariants-testing.ts';
import type { FromTaskManager, ToTaskManager } from './simulated-messages-testing.ts';
import { emptySnapshot, KEYS, SINK, SINK_UID, SOURCE, SOURCE_UID, SPLITS } from './simulated-job-testing.ts';
import { rangeOf, SimulatedState } from './simulated-state-testing.ts';
import { SimulatedWriter } from './simulated-writer-testing.ts';
import type { SimulatedWorld } from './simulated-world-testing.ts';
import type { SimulatedProcess } from './simulated-process-testing.ts';

type Element =
  | { readonly kind: 'record'; readonly split: number; readonly offset: number }
  | { readonly kind: 'barrier'; readonly checkpoint: CheckpointId; readonly triggeredAtMs: number }
  | { readonly kind: 'cancel-marker'; readonly checkpoint: CheckpointId };

interface Snapshots {
  source?: OperatorSnapshot;
  sink?: { readonly isCaptured: boolean };
  isUploaded: boolean;
}

const QUEUED_MAX = 6;

/** The subtasks of one attempt in one slot: a source over its splits, and a keyed sink that every source feeds. */
export class SimulatedAttempt {
  readonly attempt: number;
  readonly index: number;
  readonly parallelism: number;
  readonly state: SimulatedState;
  readonly #world: SimulatedWorld;
  readonly #process: SimulatedProcess;
  readonly #taskManager: TaskManagerId;
  readonly #report: (message: FromTaskManager) => void;
  readonly #writer: SimulatedWriter;
  /** By producer. */
  readonly #channels: Element[][];
  readonly #blocked = new Set<number>();
  readonly #snapshots = new Map<bigint, Snapshots>();
  readonly #abortedIds = new Set<bigint>();
  #peers: readonly SimulatedAttempt[] = [];
  #aligner: Aligner;
  /** By split; of those that are its own. */
  readonly #positions: Map<number, number>;
  #lastTriggered = 0n;
  #hasStopped = false;
  isRunning = false;
  hasEnded = false;

  constructor(
    world: SimulatedWorld,
    owner: {
      readonly process: SimulatedProcess;
      readonly id: TaskManagerId;
      readonly report: (m: FromTaskManager) => void;
    },
    deploy: Extract<ToTaskManager, { kind: 'deploy' }>,
  ) {
    this.attempt = deploy.attempt;
    this.index = deploy.index;
    this.#world = world;
    this.#process = owner.process;
    this.#taskManager = owner.id;
    this.#report = owner.report;
    this.parallelism = deploy.parallelism;
    this.#channels = Array.from({ length: this.parallelism }, () => []);
    this.#aligner = openAligner(this.parallelism);
    const own = SPLITS.filter((split) => split % this.parallelism === this.index);
    this.#positions = new Map(own.map((split) => [split, positionIn(deploy.restore, split)]));
    const former = segmentsIn(deploy.restore);
    const at = deploy.restore?.checkpoint ?? 0n;
    this.state = new SimulatedState(world.mutation, rangeOf(this.index, this.parallelism), former, at);
    const { process } = owner;
    const { network, broker, mutation } = world;
    const fail = (why: string): void => {
      this.fail(why);
    };
    const now = (): number => world.queue.now;
    const hasEnded = (): boolean => this.hasEnded;
    this.#writer = new SimulatedWriter({ process, network, broker, mutation, now, hasEnded, fail }, deploy.names);
    this.#writer.open(() => {
      this.#report({ kind: 'ready', attempt: this.attempt });
    });
  }

  start(peers: readonly SimulatedAttempt[]): void {
    this.#peers = peers;
    if (!this.isRunning) {
      this.isRunning = true;
      this.#emit();
    }
  }

  end(): void {
    this.hasEnded = true;
  }

  fail(why: string): void {
    if (!this.hasEnded) {
      this.hasEnded = true;
      this.#report({ kind: 'failed', attempt: this.attempt, why });
    }
  }

  trigger({ checkpoint, triggeredAtMs, final }: Extract<ToTaskManager, { kind: 'trigger' }>): void {
    if (checkpoint <= this.#lastTriggered || this.hasEnded) {
      return;
    }
    this.#lastTriggered = checkpoint;
    if (this.#abortedIds.has(checkpoint)) {
      this.#broadcast({ kind: 'cancel-marker', checkpoint });
      return;
    }
    this.#hasStopped ||= final !== undefined;
    this.#broadcast({ kind: 'barrier', checkpoint, triggeredAtMs });
    this.#snapshotOf(checkpoint).source = {
      ...emptySnapshot(SOURCE_UID),
      splits: [...this.#positions].map(([split, position]) => ({
        id: parseSplitId(splitName(split)),
        position: String(position),
        isFinished: false,
      })),
    };
    this.#acknowledge(checkpoint);
  }

  complete(checkpoint: bigint): void {
    this.state.complete(checkpoint);
    this.#writer.complete(checkpoint);
    for (const id of this.#snapshots.keys()) {
      if (id <= checkpoint) {
        this.#snapshots.delete(id);
      }
    }
  }

  abort(checkpoint: CheckpointId): void {
    this.#abortedIds.add(checkpoint);
    this.#snapshots.delete(checkpoint);
    this.align({ kind: 'abort', checkpoint });
  }

  abortAll(upTo: CheckpointId): void {
    this.#lastTriggered = upTo > this.#lastTriggered ? upTo : this.#lastTriggered;
    for (const id of this.#snapshots.keys()) {
      if (id <= upTo) {
        this.#snapshots.delete(id);
      }
    }
    this.align({ kind: 'abort-all', upTo });
  }

  /** After a lost connection: what was made and may not have arrived. */
  resendHeld(): void {
    for (const checkpoint of this.#snapshots.keys()) {
      this.#acknowledge(parseCheckpointId(checkpoint));
    }
  }

  /** An element arrives; what stands behind a barrier that is not aligned waits. */
  receive(from: number, element: Element): void {
    this.#channels[from]?.push(element);
    this.#consume();
  }

  queued(from: number): number {
    return this.#channels[from]?.length ?? 0;
  }

  align(event: AlignerEvent): void {
    const { aligner, effects } = alignerStep(this.#aligner, event, this.#world.queue.now);
    this.#aligner = aligner;
    for (const effect of effects) {
      switch (effect.kind) {
        case 'block':
          this.#blocked.add(effect.channel);
          break;
        case 'resume':
          this.#blocked.delete(effect.channel);
          break;
        case 'snapshot':
          this.#snapshot(effect.checkpoint);
          break;
        case 'cancel': {
          const { checkpoint, reason } = effect;
          if (reason !== 'aborted-by-coordinator') {
            this.#report({ kind: 'declined', attempt: this.attempt, checkpoint, cause: 'cancelled' });
          }
        }
      }
    }
    this.#process.after(0, () => {
      this.#consume();
    });
  }

  #consume(): void {
    for (const [channel, queue] of this.#channels.entries()) {
      while (queue.length > 0 && !this.#blocked.has(channel) && !this.hasEnded) {
        const element = queue.shift();
        if (element?.kind === 'record') {
          const { split, offset } = element;
          const output: SimulatedOutput = {
            sink: this.index,
            split,
            offset,
            count: this.state.count(split, offset % KEYS),
          };
          this.#writer.write(output);
        } else if (element !== undefined) {
          this.align(element.kind === 'barrier' ? { ...element, channel } : element);
        }
      }
    }
  }

  #snapshot(checkpoint: CheckpointId): void {
    this.state.freeze(checkpoint);
    const { random, isCalm, hasShortTransactions } = this.#world;
    const slowPercent = hasShortTransactions ? 40 : 4;
    if (!isCalm && random.below(100) < 4) {
      this.#report({ kind: 'declined', attempt: this.attempt, checkpoint, cause: 'failed' });
    }
    const uploadMs = !isCalm && random.below(100) < slowPercent ? random.below(3_000) : random.below(30);
    this.#snapshotOf(checkpoint).sink = { isCaptured: false };
    this.#writer.prepare(checkpoint, () => {
      this.#mark(checkpoint, { sink: { isCaptured: true } });
    });
    this.#process.after(uploadMs, () => {
      this.#mark(checkpoint, { isUploaded: true });
    });
  }

  #mark(checkpoint: CheckpointId, change: Partial<Snapshots>): void {
    const snapshots = this.#snapshots.get(checkpoint);
    if (snapshots !== undefined) {
      Object.assign(snapshots, change);
      this.#acknowledge(checkpoint);
    }
  }

  #acknowledge(checkpoint: CheckpointId): void {
    const snapshots = this.#snapshots.get(checkpoint);
    if (
      snapshots?.source === undefined ||
      snapshots.sink?.isCaptured !== true ||
      !snapshots.isUploaded ||
      this.hasEnded
    ) {
      return;
    }
    const sink: OperatorSnapshot = {
      ...emptySnapshot(SINK_UID),
      keyed: { kind: 'whole', segments: this.state.describe(checkpoint) },
      committables: this.#writer.committables(checkpoint),
    };
    const subtask = parseSubtaskIndex(this.index);
    const subtasks = [
      { vertex: SOURCE, subtask, operators: [snapshots.source] },
      { vertex: SINK, subtask, operators: [sink] },
    ];
    this.#report({
      kind: 'acknowledged',
      attempt: this.attempt,
      ack: { checkpoint, taskManager: this.#taskManager, subtasks },
    });
  }

  #snapshotOf(checkpoint: bigint): Snapshots {
    const snapshots = this.#snapshots.get(checkpoint) ?? { isUploaded: false };
    this.#snapshots.set(checkpoint, snapshots);
    return snapshots;
  }

  #emit(): void {
    if (this.hasEnded) {
      return;
    }
    if (!this.#hasStopped) {
      this.#positions.forEach((offset, split) => {
        const owner = subtaskOfKeyGroup(parseKeyGroup(offset % KEYS), this.parallelism, KEYS);
        const to = this.#peers[owner];
        if (to !== undefined && to.queued(this.index) < QUEUED_MAX) {
          this.#send(to, { kind: 'record', split, offset });
          this.#positions.set(split, offset + 1);
        }
      });
    }
    this.#process.after(15 + this.#world.random.below(30), () => {
      this.#emit();
    });
  }

  #broadcast(element: Element): void {
    this.#peers.forEach((peer) => {
      this.#send(peer, element);
    });
  }

  #send(to: SimulatedAttempt, element: Element): void {
    this.#world.carry(this, to, () => {
      to.receive(this.index, element);
    });
  }

  get process(): SimulatedProcess {
    return this.#process;
  }
}

export function positionIn(metadata: CheckpointMetadata | undefined, split: number): number {
  const subtasks = metadata?.operators.find(({ uid }) => uid === SOURCE_UID)?.subtasks ?? [];
  const found = subtasks.flatMap(({ splits }) => splits).find(({ id }) => id === splitName(split));
  return found === undefined ? 0 : Number(found.position);
}

/** Of all former subtasks. */
export function segmentsIn(metadata: CheckpointMetadata | undefined): readonly SegmentRef[] {
  const subtasks = metadata?.operators.find(({ uid }) => uid === SINK_UID)?.subtasks ?? [];
  return subtasks.flatMap(({ keyed }) => keyed);
}

function splitName(split: number): string {
  return `split-${split}`;
}
