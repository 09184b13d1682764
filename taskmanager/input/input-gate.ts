import type { ControlElement } from '../../shared/stream-element.ts';

/** Receives what a gate hands over. `channel` counts the gate's channels from 0. */
export interface ElementConsumer {
  /** False: hand over nothing more in this poll (an output is full, or the turn is over). The record itself was taken. */
  record(channel: number, value: unknown, timestampMs: number | undefined, key: string | undefined): boolean;
  control(channel: number, element: ControlElement): void;
}

/**
 * All input channels of one subtask.
 *
 * I1  Elements of one channel are handed over in order; a channel that ended hands over `end-of-input` last.
 * I2  A blocked channel hands over nothing, and its producer sends nothing behind the barrier that blocked it.
 * I3  Frames waiting here are bounded by the channels' credits: credit is given back only when a frame is wholly read.
 */
export interface InputGate {
  readonly channelCount: number;
  /** Which of the operator's inputs (0, or 1 for the second of `connect`) a channel belongs to. */
  inputOf(channel: number): 0 | 1;
  /** The subtask at the other end, for explanations: `map#2`. */
  producerOf(channel: number): string;
  /** True when `poll` has something to read. It may then hand over nothing: it took a part of a large record. */
  readonly hasInput: boolean;
  /** Hands over at most `elementsMax` elements, fair between channels, until the consumer says stop; gives their number. */
  poll(elementsMax: number, consumer: ElementConsumer): number;
  /** Blocks a channel behind the barrier it has just handed over, until `resume`. */
  block(channel: number): void;
  /**
   * Lets a channel go on behind its last barrier. Owed exactly once for each barrier handed over, whether or not the channel
   * was blocked here: where a gate has more than one channel the producer has stopped behind the barrier and waits for it.
   * Does nothing when nothing is owed.
   */
  resume(channel: number): void;
  /** Bytes of frames received since the start: `numBytesIn`. */
  readonly bytesReceived: number;
  /** Frames received and not wholly read: `inputQueueLength`. */
  readonly queuedFrames: number;
}
