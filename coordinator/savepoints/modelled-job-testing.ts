import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { metadataKey, restoredFolder } from '../../shared/checkpoint/object-keys.ts';
import { referencedObjects } from '../../shared/checkpoint/referenced-objects.ts';
import { parseAttemptNumber, parseCheckpointId, parseJobId, parseLeaderEpoch } from '../../shared/ids.ts';
import type { AttemptNumber, CheckpointId } from '../../shared/ids.ts';
import { planGarbage } from './plan-garbage.ts';
import type { GarbagePlan, JobFacts } from './plan-garbage.ts';
import { metadataOf, operatorOf, segmentOf } from './stored-checkpoint-testing.ts';

const RETAINED = 2;
const SUBTASKS = [0, 1] as const;

/** An object of a subtask's catalog, and the checkpoint for which it was written. */
interface Held {
  readonly key: string;
  readonly checkpoint: bigint;
}

interface SubtaskModel {
  catalog: Held[];
  /** A merge whose result stands in the store and is not part of the catalog yet. */
  merging: { readonly sources: readonly Held[]; readonly merged: Held } | undefined;
  /** What it has acknowledged, by checkpoint, in ascending order. */
  acks: Map<bigint, readonly Held[]>;
}

/** What a sweeper has seen so far: its steps are as far apart as the test likes. */
export interface PausedSweep {
  readonly listed: readonly string[] | undefined;
  readonly checkpointKeys: readonly string[];
  plan: GarbagePlan | undefined;
}

/**
 * A job as the planner's rules assume it: subtasks that write, merge and describe their state; checkpoints that complete, are
 * aborted with and without metadata; attempts that end; leaders that change; zombies that go on writing.
 */
export class ModelledJob {
  readonly jobId = parseJobId('hl7');
  readonly stored = new Set<string>();
  readonly metadata = new Map<string, CheckpointMetadata>();
  epoch = 1n;
  hasEnded = false;
  current: AttemptNumber | undefined;
  newest = 0;
  pointer: { checkpoint: CheckpointId; attempt: AttemptNumber; retained: string[] } | undefined;
  pins: string[] = [];
  restoredFrom: string | undefined;
  readonly #origin: string | undefined;
  #nextCheckpoint = 10n;
  #objects = 0;
  #pending = new Set<bigint>();
  readonly #withMetadata = new Map<bigint, string>();
  #subtasks: SubtaskModel[] = SUBTASKS.map(() => emptySubtask());

  /** `fromSavepoint`: it begins with two objects in a restored folder. */
  constructor(fromSavepoint: boolean) {
    if (fromSavepoint) {
      const folder = restoredFolder(this.jobId, 'first');
      const held = SUBTASKS.map((i) => [{ key: `${folder}/objects/${i}`, checkpoint: 5n }]);
      held.flat().forEach(({ key }) => this.stored.add(key));
      this.#origin = `${folder}/metadata`;
      this.#putMetadata(this.#origin, held, parseCheckpointId(5n));
    }
    this.beginAttempt();
  }

  beginAttempt(): void {
    this.endAttempt();
    if (this.hasEnded) {
      return;
    }
    this.newest += 1;
    this.current = parseAttemptNumber(this.newest);
    this.restoredFrom = this.pointer?.retained.at(-1) ?? this.#origin;
    const from = this.restoredFrom === undefined ? undefined : this.metadata.get(this.restoredFrom);
    this.#subtasks = SUBTASKS.map((i) => ({ ...emptySubtask(), catalog: from === undefined ? [] : heldBy(from, i) }));
  }

  endAttempt(): void {
    this.current = undefined;
    this.#pending.clear();
    this.#withMetadata.clear();
    this.#subtasks = SUBTASKS.map(() => emptySubtask());
  }

  endJob(): void {
    this.endAttempt();
    this.hasEnded = true;
  }

  /** Writes the changes of the checkpoint that comes next; lost ones stand in the store, and nothing will ever name them. */
  write(subtask: number, isLost: boolean): void {
    const held = this.#put(subtask, this.#nextCheckpoint);
    if (held !== undefined && !isLost) {
      this.#subtasks[subtask]?.catalog.push(held);
    }
  }

  trigger(): void {
    if (this.current !== undefined) {
      this.#pending.add(this.#nextCheckpoint);
      this.#nextCheckpoint += 1n;
    }
  }

  /** The oldest pending checkpoint that this subtask has not acknowledged. */
  acknowledge(subtask: number): void {
    const model = this.#subtasks[subtask];
    const newest = Math.max(0, ...[...(model?.acks.keys() ?? [])].map(Number));
    const next = [...this.#pending].find((id) => id > newest);
    if (model !== undefined && next !== undefined) {
      model.acks.set(
        next,
        model.catalog.filter(({ checkpoint }) => checkpoint <= next),
      );
    }
  }

  beginMerge(subtask: number): void {
    const model = this.#subtasks[subtask];
    const completed = this.pointer?.attempt === this.current ? this.pointer?.checkpoint : undefined;
    const sources = model?.catalog.filter(({ checkpoint }) => completed !== undefined && checkpoint <= completed) ?? [];
    if (model !== undefined && model.merging === undefined && sources.length >= 2) {
      const merged = this.#put(subtask, sources.at(-1)?.checkpoint ?? 0n);
      model.merging = merged === undefined ? undefined : { sources, merged };
    }
  }

  endMerge(subtask: number): void {
    const model = this.#subtasks[subtask];
    if (model?.merging !== undefined) {
      const { sources, merged } = model.merging;
      model.catalog = [merged, ...model.catalog.filter((held) => !sources.includes(held))];
      model.merging = undefined;
    }
  }

  /** The metadata object of the oldest checkpoint that everyone has acknowledged. */
  writeMetadata(): void {
    const checkpoint = [...this.#pending].find((id) => this.#subtasks.every(({ acks }) => acks.has(id)));
    if (checkpoint === undefined || this.#withMetadata.has(checkpoint)) {
      return;
    }
    const held = this.#subtasks.map(({ acks }) => acks.get(checkpoint) ?? []);
    const identity = { jobId: this.jobId, leaderEpoch: parseLeaderEpoch(this.epoch) };
    const key = metadataKey(identity, parseCheckpointId(checkpoint));
    this.#putMetadata(key, held, parseCheckpointId(checkpoint));
    this.#withMetadata.set(checkpoint, key);
  }

  complete(pin: boolean): void {
    const [checkpoint, key] = [...this.#withMetadata][0] ?? [];
    if (checkpoint === undefined || key === undefined || this.current === undefined) {
      return;
    }
    this.#withMetadata.delete(checkpoint);
    const retained = [...(this.pointer?.retained ?? []), key].slice(-RETAINED);
    this.pointer = { checkpoint: parseCheckpointId(checkpoint), attempt: this.current, retained };
    this.pins = pin ? [...this.pins, key] : this.pins;
    this.#pending = new Set([...this.#pending].filter((id) => id > checkpoint));
  }

  /** The oldest one, with or without metadata. */
  abort(): void {
    const [oldest] = this.#pending;
    if (oldest !== undefined) {
      this.#pending.delete(oldest);
      this.#withMetadata.delete(oldest);
    }
  }

  savepointCopied(): void {
    this.pins = this.pins.slice(1);
  }

  /** The attempt goes on (adoption); what the former leader had under way is void. */
  changeLeader(): void {
    this.epoch += 1n;
    this.#pending.clear();
    this.#withMetadata.clear();
  }

  zombieWrites(attempt: number): void {
    if (attempt >= 1 && attempt < this.newest) {
      this.#objects += 1;
      this.stored.add(`jobs/hl7/state/${attempt}/correlate/0/z-${this.#objects}`);
    }
  }

  beginSweep(isWhole: boolean): PausedSweep {
    const keys = [...this.stored];
    return {
      listed: isWhole ? keys : undefined,
      checkpointKeys: keys.filter((key) => key.startsWith('jobs/hl7/checkpoints/')),
      plan: undefined,
    };
  }

  planSweep(sweep: PausedSweep): void {
    const facts = this.#facts();
    const keys = new Set([...sweep.checkpointKeys, ...facts.roots]);
    const readable = [...this.metadata].filter(([key]) => keys.has(key) && this.stored.has(key));
    const references = new Map(readable.map(([key, metadata]) => [key, referencedObjects(metadata)]));
    const listed = sweep.listed?.map((key) => ({ key, bytes: 1 }));
    const context = { leaderEpoch: parseLeaderEpoch(this.epoch), lineagesInUse: new Set<string>() };
    sweep.plan = planGarbage(facts, { references, listed }, context);
  }

  /** All that may not be missing now: what roots name, and what the next acknowledgement or a restart may name. */
  needed(): ReadonlySet<string> {
    const restart = this.pointer?.retained.at(-1) ?? this.#origin;
    const restorable = [...(this.pointer?.retained ?? []), ...this.pins, ...(restart === undefined ? [] : [restart])];
    const needed = new Set(restorable);
    for (const key of restorable) {
      const metadata = this.metadata.get(key);
      if (metadata !== undefined) {
        referencedObjects(metadata).forEach((object) => needed.add(object.key));
      }
    }
    for (const { catalog, merging, acks } of this.#subtasks) {
      catalog.forEach(({ key }) => needed.add(key));
      if (merging !== undefined) {
        needed.add(merging.merged.key);
      }
      for (const [id, held] of acks) {
        if (this.#pending.has(id)) {
          held.forEach(({ key }) => needed.add(key));
        }
      }
    }
    this.#withMetadata.forEach((key) => needed.add(key));
    return needed;
  }

  #facts(): JobFacts {
    const { jobId, hasEnded, pointer, current, newest, pins, restoredFrom } = this;
    const began = current !== undefined && pointer?.attempt !== current ? restoredFrom : undefined;
    const origin = pointer === undefined ? this.#origin : undefined;
    return {
      jobId,
      hasEnded,
      currentAttempt: current,
      newestAttempt: newest === 0 ? 0 : parseAttemptNumber(newest),
      lastCompleted: pointer,
      roots: new Set(
        [...(pointer?.retained ?? []), ...pins, began, origin].filter((key): key is string => key !== undefined),
      ),
    };
  }

  #put(subtask: number, checkpoint: bigint): Held | undefined {
    if (this.current === undefined) {
      return undefined;
    }
    this.#objects += 1;
    const key = `jobs/hl7/state/${this.current}/correlate/${subtask}/x-${this.#objects}`;
    this.stored.add(key);
    return { key, checkpoint };
  }

  #putMetadata(key: string, held: readonly (readonly Held[])[], checkpoint: CheckpointId): void {
    const nothing = { lists: [], splits: [], committables: [], isFinished: false, watermarkMs: undefined };
    const subtasks = held.map((objects) => ({
      ...nothing,
      keyed: objects.map((object) => {
        const order = { checkpoint: parseCheckpointId(object.checkpoint), part: 0 };
        const location = { kind: 'object' as const, key: object.key };
        return { ...segmentOf('x', 0), location, from: order, to: order };
      }),
    }));
    this.stored.add(key);
    this.metadata.set(key, { ...metadataOf([]), checkpoint, operators: [operatorOf('correlate', subtasks)] });
  }
}

function heldBy({ operators }: CheckpointMetadata, subtask: number): Held[] {
  const keyed = operators[0]?.subtasks[subtask]?.keyed ?? [];
  return keyed.map(({ location, to }) => ({
    key: location.kind === 'object' ? location.key : '',
    checkpoint: to.checkpoint,
  }));
}

function emptySubtask(): SubtaskModel {
  return { catalog: [], merging: undefined, acks: new Map() };
}
