import type { FrameKind, PartKind } from './frame-codec.ts';

/** A frame that is closed and waits to be sent. */
export interface SealedFrame {
  readonly kind: Extract<FrameKind, 'data' | 'control'>;
  readonly part: PartKind;
  /** The whole record's length for part `first`, otherwise 0. */
  readonly recordBytes: number;
  /** HEAD_BYTES of space for the heads, then the payload up to `end`. */
  readonly buffer: Buffer;
  readonly end: number;
  readonly role: 'elements' | 'blocking-barrier' | 'end-of-input';
}

/**
 * The way of one channel's frames to its consumer, whatever carries them. In order, none lost, or the channel fails.
 * `send` never refuses: how much is under way is bounded by the channel's credits.
 */
export interface FrameLink {
  /** `kept`: the buffer now belongs to the receiver. `copied`: it may be filled again. */
  send(frame: SealedFrame, seq: number): 'kept' | 'copied';
}
