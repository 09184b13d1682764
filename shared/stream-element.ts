import type { CheckpointId } from './ids.ts';

/**
 * What flows in a channel besides records. Control elements keep their place among the records of their channel.
 *
 *   watermark           no record with an event time at or below `timestampMs` follows (late ones excepted)
 *   watermark-status    whether the channel takes part in the minimum
 *   barrier             cuts the channel: records before it belong to checkpoint `checkpoint`
 *   cancel-marker       checkpoint `checkpoint` will not complete; do not wait for its barrier
 *   end-of-records      no record follows; barriers may: the producer waits for a checkpoint that holds its last state
 *   end-of-input        nothing follows. Without `end-of-records` before it: the job was stopped, and its input did not end
 */
export type ControlElement =
  | { readonly kind: 'watermark'; readonly timestampMs: number }
  | { readonly kind: 'watermark-status'; readonly status: 'active' | 'idle' }
  | { readonly kind: 'barrier'; readonly checkpoint: CheckpointId; readonly triggeredAtMs: number }
  | { readonly kind: 'cancel-marker'; readonly checkpoint: CheckpointId }
  | { readonly kind: 'end-of-records' }
  | { readonly kind: 'end-of-input' };

/** The elements that say how far event time is. */
export type TimeElement = Extract<ControlElement, { kind: 'watermark' | 'watermark-status' }>;

export function isTime(element: ControlElement): element is TimeElement {
  return element.kind === 'watermark' || element.kind === 'watermark-status';
}

/** The watermark behind the last record of a stream that ends. */
export const END_OF_TIME_MS = Number.MAX_SAFE_INTEGER;
