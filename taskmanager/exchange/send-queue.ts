import { StreamError } from '../../shared/failure/failure.ts';
import { HEAD_BYTES } from './frame-codec.ts';
import type { FrameLink, SealedFrame } from './frame-link.ts';
import type { FramePool } from './frame-pool.ts';
import { canSend, onFeedback, onSent, openSendWindow } from './send-window.ts';
import type { Feedback, SendWindow } from './send-window.ts';

export interface SendQueueOptions {
  readonly name: string;
  readonly creditsMax: number;
  readonly queuedFramesMax: number;
  readonly overdraftBytesMax: number;
  readonly link: FrameLink;
  readonly pool: FramePool;
  readonly onWritable: (isWritable: boolean) => void;
}

/**
 * Closed frames of one channel in front of its link, sent as the window allows.
 *
 * I1  `queuedFramesMax` frames wait here while the subtask runs; what one record or timer emits beyond is the overdraft, and
 *     an overdraft above `overdraftBytesMax` fails the attempt: it would be memory without bound.
 */
export class SendQueue {
  readonly #options: SendQueueOptions;
  #window: SendWindow;
  #frames: SealedFrame[] = [];
  #head = 0;
  #bytes = 0;
  #isWritable = true;
  hasEndLeft = false;
  bytesSent = 0;

  constructor(options: SendQueueOptions) {
    this.#options = options;
    this.#window = openSendWindow(options.creditsMax);
  }

  get length(): number {
    return this.#frames.length - this.#head;
  }

  get isWritable(): boolean {
    return this.#isWritable;
  }

  /** True when a data frame pushed now would leave now. */
  get canSendAtOnce(): boolean {
    return this.length === 0 && canSend(this.#window, 'data');
  }

  /** @throws StreamError `overdraft-exceeded` */
  push(frame: SealedFrame): void {
    this.#frames.push(frame);
    this.#bytes += frame.end;
    this.#send();
    if (this.#bytes > this.#options.overdraftBytesMax) {
      throw overdraftExceeded(this.#options.name, this.#bytes);
    }
  }

  /** @throws StreamError `exchange-sequence-broken` */
  onFeedback(feedback: Feedback): void {
    const taken = onFeedback(this.#window, feedback);
    if (taken.kind === 'violation') {
      throw new StreamError({
        code: 'exchange-sequence-broken',
        reaction: 'restart-job',
        message: `Channel ${this.#options.name}: ${taken.problem}.`,
      });
    }
    this.#window = taken.window;
    this.#send();
  }

  #send(): void {
    for (;;) {
      const frame = this.#frames[this.#head];
      if (frame === undefined || !canSend(this.#window, frame.kind)) {
        break;
      }
      const { nextSeq } = this.#window;
      this.#window = onSent(this.#window, { kind: frame.kind, blocks: frame.role === 'blocking-barrier' });
      this.#head += 1;
      this.#bytes -= frame.end;
      this.bytesSent += frame.end - HEAD_BYTES;
      this.hasEndLeft ||= frame.role === 'end-of-input';
      if (this.#options.link.send(frame, nextSeq) === 'copied' && frame.kind === 'data') {
        this.#options.pool.give(frame.buffer);
      }
    }
    this.#trim();
    this.#tellWritable();
  }

  #trim(): void {
    if (this.#head === this.#frames.length) {
      this.#frames.length = 0;
      this.#head = 0;
    } else if (this.#head > 64) {
      this.#frames = this.#frames.slice(this.#head);
      this.#head = 0;
    }
  }

  #tellWritable(): void {
    const isWritable = this.length < this.#options.queuedFramesMax;
    if (isWritable !== this.#isWritable) {
      this.#isWritable = isWritable;
      this.#options.onWritable(isWritable);
    }
  }
}

function overdraftExceeded(channel: string, bytes: number): StreamError {
  return new StreamError({
    code: 'overdraft-exceeded',
    reaction: 'fail-job',
    message: `Channel ${channel}: ${bytes} bytes wait to be sent, more than one record or timer may emit.`,
    remedy: 'Emit unbounded output from a generator: it is taken only as the outputs have room.',
  });
}
