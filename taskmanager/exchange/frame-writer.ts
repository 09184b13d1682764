import type { Clock } from '../../shared/clock/clock.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { invariant } from '../../shared/invariant.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import { controlBytes, recordHeadBytes, writeControlElement, writeRecordHead } from '../input/element-codec.ts';
import { HEAD_BYTES } from './frame-codec.ts';
import type { PartKind } from './frame-codec.ts';
import type { FrameLink } from './frame-link.ts';
import type { FramePool } from './frame-pool.ts';
import type { OutputChannel } from './output-channel.ts';
import { SendQueue } from './send-queue.ts';
import type { Feedback } from './send-window.ts';
import type { UnsentFrames } from './unsent-frames.ts';

export interface FrameWriterOptions {
  /** Names the channel in failures: `map#2 → sink#0`. */
  readonly name: string;
  readonly serializer: Serializer<unknown>;
  readonly frameBytes: number;
  readonly creditsMax: number;
  readonly queuedFramesMax: number;
  readonly recordBytesMax: number;
  readonly overdraftBytesMax: number;
  readonly waitsAtBarrier: boolean;
  readonly link: FrameLink;
  readonly pool: FramePool;
  readonly unsent: UnsentFrames;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** The channel became writable (true) or stopped being so (false). */
  readonly onWritable: (isWritable: boolean) => void;
}

/** What the next frame of a record of several frames is. */
interface PartsLeft {
  part: PartKind;
  readonly recordBytes: number;
}

/** The producer's end of one channel: fills frames, and sends them through its queue (send-queue.ts). */
export class FrameWriter implements OutputChannel {
  readonly #options: FrameWriterOptions;
  readonly #serializer: Serializer<unknown>;
  readonly #queue: SendQueue;
  #frame: Buffer | undefined;
  #end = HEAD_BYTES;
  #unsentSinceMs: number | undefined;
  #hasEnded = false;

  constructor(options: FrameWriterOptions) {
    invariant(
      options.frameBytes > HEAD_BYTES + 1,
      `a frame must be larger than its heads, got ${options.frameBytes} bytes`,
    );
    this.#options = options;
    this.#serializer = options.serializer;
    this.#queue = new SendQueue(options);
  }

  get name(): string {
    return this.#options.name;
  }

  get isWritable(): boolean {
    return this.#queue.isWritable;
  }

  get isDrained(): boolean {
    return this.#queue.length === 0 && this.#unsentSinceMs === undefined;
  }

  /** True once `end-of-input` is on its way: the channel cannot lose anything here any more. */
  get hasEndLeft(): boolean {
    return this.#queue.hasEndLeft;
  }

  get queuedFrames(): number {
    return this.#queue.length;
  }

  get bytesSent(): number {
    return this.#queue.bytesSent;
  }

  get unsentSinceMs(): number | undefined {
    return this.#unsentSinceMs;
  }

  writeRecord(value: unknown, timestampMs: number | undefined, key: Buffer | undefined): void {
    this.#checkOpen();
    if (this.#serializer.encodeInto === undefined) {
      this.writeEncoded(this.#serializer.encode(value), timestampMs, key);
      return;
    }
    const headBytes = recordHeadBytes(timestampMs !== undefined, key?.length);
    if (this.#encodeIntoFrame(value, timestampMs, key, headBytes)) {
      return;
    }
    if (this.#end > HEAD_BYTES) {
      this.#seal('whole', 0);
      if (this.#encodeIntoFrame(value, timestampMs, key, headBytes)) {
        return;
      }
    }
    this.#writeParts(this.#serializer.encode(value), timestampMs, key);
  }

  /** Writes a record whose value is serialized already: a broadcast serializes once. */
  writeEncoded(value: Uint8Array, timestampMs: number | undefined, key: Buffer | undefined): void {
    this.#checkOpen();
    const bytes = recordHeadBytes(timestampMs !== undefined, key?.length) + value.length;
    if (bytes > this.#options.frameBytes - HEAD_BYTES) {
      this.#writeParts(value, timestampMs, key);
      return;
    }
    const frame = this.#frameWithSpace(bytes);
    const at = writeRecordHead(frame, this.#end, { timestampMs, key, valueBytes: value.length });
    frame.set(value, at);
    this.#advance(at + value.length);
  }

  writeControl(element: ControlElement): void {
    this.#checkOpen();
    const bytes = controlBytes(element);
    if (element.kind === 'watermark' || element.kind === 'watermark-status') {
      this.#advance(writeControlElement(this.#frameWithSpace(bytes), this.#end, element));
      return;
    }
    this.#sealFilled();
    const buffer = Buffer.allocUnsafeSlow(HEAD_BYTES + bytes);
    const end = writeControlElement(buffer, HEAD_BYTES, element);
    this.#hasEnded = element.kind === 'end-of-input';
    const isBlocking = element.kind === 'barrier' && this.#options.waitsAtBarrier;
    const role = isBlocking ? 'blocking-barrier' : this.#hasEnded ? 'end-of-input' : 'elements';
    this.#queue.push({ kind: 'control', part: 'whole', recordBytes: 0, buffer, end, role });
  }

  flush(): void {
    if (this.#queue.canSendAtOnce) {
      this.#sealFilled();
    }
  }

  /** @throws StreamError `exchange-sequence-broken` */
  onFeedback(feedback: Feedback): void {
    this.#queue.onFeedback(feedback);
  }

  /** False when the record does not fit the space left in the frame. */
  #encodeIntoFrame(
    value: unknown,
    timestampMs: number | undefined,
    key: Buffer | undefined,
    headBytes: number,
  ): boolean {
    const frame = this.#frame ?? this.#beginFrame();
    const valueAt = this.#end + headBytes;
    if (valueAt > frame.length) {
      return false;
    }
    const end = this.#serializer.encodeInto?.(value, frame, valueAt) ?? -1;
    if (end < 0) {
      return false;
    }
    writeRecordHead(frame, this.#end, { timestampMs, key, valueBytes: end - valueAt });
    this.#advance(end);
    return true;
  }

  /** A record larger than a frame: the same bytes, in frames of its own. */
  #writeParts(value: Uint8Array, timestampMs: number | undefined, key: Buffer | undefined): void {
    const head = Buffer.allocUnsafe(recordHeadBytes(timestampMs !== undefined, key?.length));
    writeRecordHead(head, 0, { timestampMs, key, valueBytes: value.length });
    const recordBytes = head.length + value.length;
    if (recordBytes > this.#options.recordBytesMax) {
      throw recordTooLarge(this.#options.name, recordBytes, this.#options.recordBytesMax);
    }
    this.#sealFilled();
    const left: PartsLeft = { part: 'first', recordBytes };
    this.#appendPart(head, left);
    this.#appendPart(value, left);
    this.#seal(left.part, left.part === 'first' ? recordBytes : 0);
  }

  #appendPart(bytes: Uint8Array, left: PartsLeft): void {
    let at = 0;
    while (at < bytes.length) {
      const frame = this.#frame ?? this.#beginFrame();
      const count = Math.min(frame.length - this.#end, bytes.length - at);
      if (count === 0) {
        this.#seal(left.part, left.part === 'first' ? left.recordBytes : 0);
        left.part = 'later';
        continue;
      }
      frame.set(bytes.subarray(at, at + count), this.#end);
      this.#advance(this.#end + count);
      at += count;
    }
  }

  #frameWithSpace(bytes: number): Buffer {
    const frame = this.#frame ?? this.#beginFrame();
    if (this.#end + bytes <= frame.length) {
      return frame;
    }
    this.#seal('whole', 0);
    return this.#beginFrame();
  }

  #beginFrame(): Buffer {
    const frame = this.#options.pool.take(this.#options.frameBytes);
    this.#frame = frame;
    this.#end = HEAD_BYTES;
    return frame;
  }

  #advance(end: number): void {
    this.#end = end;
    if (this.#unsentSinceMs === undefined) {
      this.#unsentSinceMs = this.#options.clock.monotonicMs();
      this.#options.unsent.add(this);
    }
  }

  #sealFilled(): void {
    if (this.#end > HEAD_BYTES) {
      this.#seal('whole', 0);
    }
  }

  #seal(part: PartKind, recordBytes: number): void {
    const buffer = this.#frame;
    invariant(buffer !== undefined && this.#end > HEAD_BYTES, 'an empty frame was sealed');
    const end = this.#end;
    this.#frame = undefined;
    this.#end = HEAD_BYTES;
    this.#unsentSinceMs = undefined;
    this.#queue.push({ kind: 'data', part, recordBytes, buffer, end, role: 'elements' });
  }

  #checkOpen(): void {
    invariant(!this.#hasEnded, `channel ${this.#options.name}: a write behind the end of input`);
  }
}

function recordTooLarge(channel: string, bytes: number, bytesMax: number): StreamError {
  return new StreamError({
    code: 'record-too-large',
    reaction: 'fail-job',
    message: `Channel ${channel}: a record takes ${bytes} bytes when serialized, above the limit of ${bytesMax}.`,
    remedy: 'Raise taskmanager.network.record-size-max, or have the operator before it send less.',
  });
}
