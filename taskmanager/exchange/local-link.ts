import type { ArrivingFrame, ChannelFeedback } from '../input/channel-input.ts';
import { LATER, WHOLE } from '../input/channel-input.ts';
import { HEAD_BYTES } from './frame-codec.ts';
import type { FrameLink, SealedFrame } from './frame-link.ts';
import type { Feedback } from './send-window.ts';

/** A frame that is filled less than this much is copied, so that a value kept by an operator does not keep a whole frame. */
const KEEP_FILL_MIN = 0.5;

/**
 * Producer and consumer in one thread: frames are handed over as they are. The same bytes and the same credits as on any
 * other way, so that values are isolated and memory is counted.
 */
export class LocalLink implements FrameLink {
  readonly #receive: (frame: ArrivingFrame) => void;

  constructor(receive: (frame: ArrivingFrame) => void) {
    this.#receive = receive;
  }

  send(frame: SealedFrame, seq: number): 'kept' | 'copied' {
    const isKept = frame.end >= frame.buffer.length * KEEP_FILL_MIN;
    const filled = frame.buffer.subarray(HEAD_BYTES, frame.end);
    const payload = isKept ? filled : exactCopy(filled);
    if (frame.kind === 'control') {
      this.#receive({ kind: 'control', seq, payload });
    } else {
      this.#receive({ kind: 'data', seq, payload, part: partOf(frame) });
    }
    return isKept ? 'kept' : 'copied';
  }
}

/** The way back in one thread. The writer is known only after the channel's input was made. */
export class LocalFeedback implements ChannelFeedback {
  #take: (feedback: Feedback) => void = () => undefined;

  connect(take: (feedback: Feedback) => void): void {
    this.#take = take;
  }

  sendCredit(seq: number, credits: number): void {
    this.#take({ kind: 'credit', seq, credits });
  }

  sendResume(seq: number, barrierSeq: number): void {
    this.#take({ kind: 'resume', seq, barrierSeq });
  }
}

function partOf(frame: SealedFrame): Extract<ArrivingFrame, { kind: 'data' }>['part'] {
  if (frame.part === 'whole') {
    return WHOLE;
  }
  return frame.part === 'later' ? LATER : { kind: 'first', recordBytes: frame.recordBytes };
}

function exactCopy(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
