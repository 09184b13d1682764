import type { Serializer } from '../serialization/serializer.ts';

/**
 * Names a side output of a `process` operator and carries its value type. `serializer` is used where the side output
 * crosses to another subtask.
 */
export interface OutputTag<T> {
  readonly id: string;
  readonly serializer?: Serializer<T>;
}

/** A tag is compared by its id: make it once, at the top of the job's module. */
export function outputTag<T>(id: string, serializer?: Serializer<T>): OutputTag<T> {
  return serializer === undefined ? { id } : { id, serializer };
}
