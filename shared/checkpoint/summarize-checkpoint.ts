import type { StateKind } from './checkpoint-metadata.ts';
import type { CheckpointMetadata, OperatorMetadata, SubtaskMetadata } from './checkpoint-metadata.ts';

/** What a checkpoint holds, in numbers and names: no state, no key, no split. */
export interface CheckpointInventory {
  readonly jobId: string;
  readonly checkpoint: bigint;
  readonly kind: 'checkpoint' | 'savepoint';
  readonly triggeredAtMs: number;
  readonly completedAtMs: number;
  readonly operators: readonly OperatorInventory[];
}

export interface OperatorInventory {
  readonly uid: string;
  readonly name: string;
  readonly parallelism: number;
  readonly maxParallelism: number;
  readonly hashId: string;
  readonly states: readonly StateInventory[];
  /** Of its segments, as they are stored. */
  readonly keyedBytes: number;
  readonly segments: number;
  readonly lists: readonly ListInventory[];
  readonly splits: number;
  readonly finishedSplits: number;
  readonly finishedSubtasks: number;
}

export interface StateInventory {
  readonly name: string;
  readonly kind: StateKind;
  readonly version: number;
  readonly serializer: string;
}

export interface ListInventory {
  readonly name: string;
  readonly redistribution: 'split' | 'union';
  readonly elements: number;
}

export function takeInventory(metadata: CheckpointMetadata): CheckpointInventory {
  const { jobId, checkpoint, kind, triggeredAtMs, completedAtMs, operators } = metadata;
  return { jobId, checkpoint, kind, triggeredAtMs, completedAtMs, operators: operators.map(inventoryOf) };
}

function inventoryOf(operator: OperatorMetadata): OperatorInventory {
  const { uid, name, parallelism, maxParallelism, hashId, states, subtasks } = operator;
  const splits = subtasks.flatMap((subtask) => subtask.splits);
  return {
    uid,
    name,
    parallelism,
    maxParallelism,
    hashId,
    states: states.map((state) => ({
      name: state.name,
      kind: state.kind,
      version: state.version,
      serializer: state.serializer,
    })),
    ...segmentsOf(subtasks),
    lists: listsOf(subtasks),
    splits: splits.length,
    finishedSplits: splits.filter(({ isFinished }) => isFinished).length,
    finishedSubtasks: subtasks.filter(({ isFinished }) => isFinished).length,
  };
}

/** An object that several subtasks name counts once. */
function segmentsOf(subtasks: readonly SubtaskMetadata[]): { readonly keyedBytes: number; readonly segments: number } {
  const lengths = new Map<string, number>();
  for (const { location, length, sha256 } of subtasks.flatMap(({ keyed }) => keyed)) {
    lengths.set(location.kind === 'object' ? location.key : sha256, length);
  }
  return { keyedBytes: [...lengths.values()].reduce((sum, length) => sum + length, 0), segments: lengths.size };
}

function listsOf(subtasks: readonly SubtaskMetadata[]): readonly ListInventory[] {
  const lists = new Map<string, ListInventory>();
  for (const { name, redistribution, elements } of subtasks.flatMap((subtask) => subtask.lists)) {
    const before = lists.get(name)?.elements ?? 0;
    lists.set(name, { name, redistribution, elements: before + elements.length });
  }
  return [...lists.values()];
}
