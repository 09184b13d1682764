import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { ObjectCopy } from '../../shared/checkpoint/copy-objects.ts';
import { referencedObjects, withSegments } from '../../shared/checkpoint/referenced-objects.ts';

export interface CopyPlan {
  readonly objects: readonly ObjectCopy[];
  /** As it is to be written into the folder, after the objects. */
  readonly metadata: CheckpointMetadata;
}

/**
 * What a savepoint in `folder` consists of: every object of the checkpoint, named after its content, so that the copy can be
 * repeated and holds nothing twice. No committables: they were committed with the checkpoint (DESIGN §7).
 */
export function planSavepoint(checkpoint: CheckpointMetadata, folder: string): CopyPlan {
  const { objects, metadata } = moveInto(checkpoint, folder);
  return { objects, metadata: { ...withoutCommittables(metadata), kind: 'savepoint' } };
}

/** The checkpoint as it is when all of its objects stand in `folder`. */
export function moveInto(checkpoint: CheckpointMetadata, folder: string): CopyPlan {
  const objects = referencedObjects(checkpoint).map((object) => ({ ...object, to: objectKey(folder, object.sha256) }));
  const metadata = withSegments(checkpoint, (segment) =>
    segment.location.kind === 'inline'
      ? segment
      : { ...segment, location: { kind: 'object', key: objectKey(folder, segment.sha256) } },
  );
  return { objects: distinct(objects), metadata };
}

export function withoutCommittables(metadata: CheckpointMetadata): CheckpointMetadata {
  return {
    ...metadata,
    operators: metadata.operators.map((operator) => ({
      ...operator,
      subtasks: operator.subtasks.map((subtask) => ({ ...subtask, committables: [] })),
    })),
  };
}

/** Two objects with the same content become one. */
function distinct(objects: readonly ObjectCopy[]): readonly ObjectCopy[] {
  return [...new Map(objects.map((object) => [object.to, object])).values()];
}

function objectKey(folder: string, sha256: string): string {
  return `${folder}/objects/${sha256}`;
}

/**
 * The directory of a new savepoint below the one that was asked for. It is chosen when the savepoint is asked for, and is
 * durable in the pin: whoever finishes the copy finishes the same.
 */
export function savepointDirectory(below: string, jobId: string, suffix: string): string {
  return `${below.replace(/\/+$/, '')}/savepoint-${jobId}-${suffix}`;
}
