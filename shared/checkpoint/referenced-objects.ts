import type { CheckpointMetadata } from './checkpoint-metadata.ts';
import type { SegmentRef } from './segment-ref.ts';

export interface ReferencedObject {
  readonly key: string;
  readonly length: number;
  readonly sha256: string;
}

/** The objects of the snapshot store that a checkpoint needs, each once, in the order in which they are named. */
export function referencedObjects(metadata: CheckpointMetadata): readonly ReferencedObject[] {
  const objects = new Map<string, ReferencedObject>();
  for (const { location, length, sha256 } of segmentsOf(metadata)) {
    if (location.kind === 'object') {
      objects.set(location.key, { key: location.key, length, sha256 });
    }
  }
  return [...objects.values()];
}

export function* segmentsOf({ operators }: Pick<CheckpointMetadata, 'operators'>): Generator<SegmentRef> {
  for (const { subtasks } of operators) {
    for (const { keyed } of subtasks) {
      yield* keyed;
    }
  }
}

/** The same checkpoint with its segments elsewhere. */
export function withSegments(
  metadata: CheckpointMetadata,
  change: (segment: SegmentRef) => SegmentRef,
): CheckpointMetadata {
  return {
    ...metadata,
    operators: metadata.operators.map((operator) => ({
      ...operator,
      subtasks: operator.subtasks.map((subtask) => ({ ...subtask, keyed: subtask.keyed.map(change) })),
    })),
  };
}
