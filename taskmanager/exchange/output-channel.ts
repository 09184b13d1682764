import type { ControlElement } from '../../shared/stream-element.ts';

/**
 * The producer's end of one channel (one producer subtask to one consumer subtask of one edge).
 *
 * I1  Elements arrive at the consumer in the order in which they were written, each once, or the channel fails.
 * I2  A write always succeeds: what does not fit the free buffers goes into an overdraft, which is bounded because the slot
 *     does not run a subtask one of whose outputs is not writable, and one record or timer emits a bounded amount.
 * I3  At most `creditsMax` data frames are under way to the consumer; control frames need no credit but keep their place.
 */
export interface OutputChannel {
  /** True while a free buffer exists. The slot asks before it runs the subtask. */
  readonly isWritable: boolean;
  /** `key`: the serialized key on a hash edge; it travels with the record. */
  writeRecord(value: unknown, timestampMs: number | undefined, key: Buffer | undefined): void;
  writeControl(element: ControlElement): void;
  /** Sends the frame that is being filled, if there is credit; the slot calls it when it has nothing else to run. */
  flush(): void;
  /** True when nothing written here waits to be sent. */
  readonly isDrained: boolean;
  /** Monotonic time at which the oldest element of the frame being filled was written; undefined when it is empty. */
  readonly unsentSinceMs: number | undefined;
}
