import { StreamError } from '../../shared/failure/failure.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import {
  HAS_KEY,
  HAS_TIMESTAMP,
  malformed,
  readControlFrame,
  readUint32,
  RECORD,
  STATUS_ACTIVE,
  STATUS_IDLE,
  WATERMARK,
} from './element-codec.ts';
import type { ElementConsumer } from './input-gate.ts';
import {
  isCreditDue,
  onBarrierRead,
  onCreditsSent,
  onDataRead,
  onFrame,
  onResumeSent,
  openReceiveWindow,
} from './receive-window.ts';
import type { ReceiveWindow } from './receive-window.ts';
import { RecordAssembly } from './record-assembly.ts';

/** A frame of elements as it arrives. `payload` belongs to the receiver and is never reused. */
export type ArrivingFrame =
  | { readonly kind: 'data'; readonly seq: number; readonly payload: Buffer; readonly part: FramePart }
  | { readonly kind: 'control'; readonly seq: number; readonly payload: Buffer };

/** What a data frame holds: whole elements, or the first or a later part of one record. */
export type FramePart =
  { readonly kind: 'whole' } | { readonly kind: 'first'; readonly recordBytes: number } | { readonly kind: 'later' };

export const WHOLE: FramePart = { kind: 'whole' };
export const LATER: FramePart = { kind: 'later' };

/** What a consumer tells its producer. Sequence numbers let the producer see that none was lost. */
export interface ChannelFeedback {
  sendCredit(seq: number, credits: number): void;
  /** Go on behind the barrier that travelled as frame `barrierSeq`. */
  sendResume(seq: number, barrierSeq: number): void;
}

export interface ChannelInputOptions {
  /** Counts the gate's channels from 0. */
  readonly channel: number;
  readonly input: 0 | 1;
  /** Names the channel in failures: `map#2 → sink#0`. */
  readonly name: string;
  /** `map#2` */
  readonly producer: string;
  readonly serializer: Serializer<unknown>;
  readonly creditsMax: number;
  readonly recordBytesMax: number;
  /** True when the producer waits behind every barrier (channel-plan.ts). */
  readonly waitsAtBarrier: boolean;
  readonly feedback: ChannelFeedback;
}

/** The consumer's end of one channel: its queue of frames and how far the first is read. Rules: receive-window.ts. */
export class ChannelInput {
  readonly input: 0 | 1;
  readonly #options: ChannelInputOptions;
  readonly #channel: number;
  readonly #serializer: Serializer<unknown>;
  readonly #assembly: RecordAssembly;
  #window: ReceiveWindow;
  #queue: ArrivingFrame[] = [];
  #head = 0;
  #offset = 0;
  isBlocked = false;
  /** True once `end-of-input` has arrived: nothing can be lost on this channel any more. */
  hasEndArrived = false;
  bytesReceived = 0;
  /** The consumer said stop in the last `read`. */
  hasStopped = false;

  constructor(options: ChannelInputOptions) {
    this.#options = options;
    this.input = options.input;
    this.#channel = options.channel;
    this.#serializer = options.serializer;
    this.#assembly = new RecordAssembly(options.recordBytesMax);
    this.#window = openReceiveWindow(options.creditsMax);
  }

  get name(): string {
    return this.#options.name;
  }

  get producer(): string {
    return this.#options.producer;
  }

  get queuedFrames(): number {
    return this.#queue.length - this.#head;
  }

  get hasInput(): boolean {
    return !this.isBlocked && this.#head < this.#queue.length;
  }

  /** @throws StreamError `exchange-sequence-broken` */
  receive(frame: ArrivingFrame): void {
    const received = onFrame(this.#window, frame);
    if (received.kind === 'violation') {
      throw sequenceBroken(this.#options.name, received.problem);
    }
    if (this.hasEndArrived) {
      throw sequenceBroken(this.#options.name, 'a frame behind the end of input');
    }
    this.#window = received.window;
    this.bytesReceived += frame.payload.length;
    this.hasEndArrived = frame.kind === 'control' && readControlFrame(frame.payload).kind === 'end-of-input';
    this.#queue.push(frame);
  }

  /**
   * Hands over at most `elementsMax` elements, at most the rest of one frame, and gives their number. May be 0: a part of a
   * large record was taken.
   * @throws StreamError `exchange-malformed`; what `consumer` throws.
   */
  read(elementsMax: number, consumer: ElementConsumer): number {
    const frame = this.#queue[this.#head];
    this.hasStopped = false;
    if (frame === undefined || this.isBlocked) {
      return 0;
    }
    if (frame.kind === 'control') {
      this.#dropHead();
      this.#handOverControl(frame.seq, readControlFrame(frame.payload), consumer);
      return 1;
    }
    if (frame.part.kind !== 'whole') {
      return this.#readPart(frame.part, frame.payload, consumer);
    }
    if (this.#assembly.isOpen) {
      throw malformed('whole elements inside a record of several parts');
    }
    return this.#readElements(frame.payload, elementsMax, consumer);
  }

  /** Tells the producer what it may send again, if it is time to (`isCreditDue`); the gate calls it after each read. */
  sendDueCredits(): void {
    const { owedCredits, feedbackSeq } = this.#window;
    if (isCreditDue(this.#window)) {
      this.#window = onCreditsSent(this.#window);
      this.#options.feedback.sendCredit(feedbackSeq, owedCredits);
    }
  }

  resume(): void {
    this.isBlocked = false;
    const { owedResume, feedbackSeq } = this.#window;
    if (owedResume !== undefined) {
      this.#window = onResumeSent(this.#window);
      this.#options.feedback.sendResume(feedbackSeq, owedResume);
    }
  }

  #handOverControl(seq: number, element: ControlElement, consumer: ElementConsumer): void {
    if (element.kind === 'barrier' && this.#options.waitsAtBarrier) {
      this.#window = onBarrierRead(this.#window, seq);
    }
    consumer.control(this.#channel, element);
  }

  #readPart(part: FramePart, payload: Buffer, consumer: ElementConsumer): number {
    if (part.kind === 'first') {
      this.#assembly.begin(part.recordBytes);
    }
    const record = this.#assembly.append(payload);
    this.#dropHead();
    this.#window = onDataRead(this.#window);
    if (record === undefined) {
      return 0;
    }
    const end = this.#readElement(record, 0, consumer);
    if (end !== record.length) {
      throw malformed('bytes behind a record of several parts');
    }
    return 1;
  }

  #readElements(payload: Buffer, elementsMax: number, consumer: ElementConsumer): number {
    let offset = this.#offset;
    let taken = 0;
    while (taken < elementsMax && offset < payload.length && !this.hasStopped) {
      offset = this.#readElement(payload, offset, consumer);
      taken += 1;
    }
    this.#offset = offset;
    if (offset === payload.length) {
      this.#offset = 0;
      this.#dropHead();
      this.#window = onDataRead(this.#window);
    }
    return taken;
  }

  #readElement(payload: Buffer, offset: number, consumer: ElementConsumer): number {
    const tag = payload[offset] ?? 0;
    return (tag & ~(HAS_TIMESTAMP | HAS_KEY)) === RECORD
      ? this.#readRecord(payload, offset, consumer)
      : this.#readInlineControl(payload, offset, consumer);
  }

  #readInlineControl(payload: Buffer, offset: number, consumer: ElementConsumer): number {
    const tag = payload[offset] ?? 0;
    switch (tag) {
      case WATERMARK:
        if (offset + 9 > payload.length) {
          throw malformed('a watermark that is cut off');
        }
        consumer.control(this.#channel, { kind: 'watermark', timestampMs: payload.readDoubleLE(offset + 1) });
        return offset + 9;
      case STATUS_ACTIVE:
        consumer.control(this.#channel, { kind: 'watermark-status', status: 'active' });
        return offset + 1;
      case STATUS_IDLE:
        consumer.control(this.#channel, { kind: 'watermark-status', status: 'idle' });
        return offset + 1;
      default:
        throw malformed(`an element with tag ${tag}`);
    }
  }

  #readRecord(payload: Buffer, offset: number, consumer: ElementConsumer): number {
    const tag = payload[offset] ?? 0;
    let at = offset + 1;
    let timestampMs: number | undefined;
    let key: string | undefined;
    if ((tag & HAS_TIMESTAMP) !== 0) {
      need(payload, at + 8);
      timestampMs = payload.readDoubleLE(at);
      at += 8;
    }
    if ((tag & HAS_KEY) !== 0) {
      need(payload, at + 4);
      const end = at + 4 + readUint32(payload, at);
      need(payload, end);
      key = payload.toString('utf8', at + 4, end);
      at = end;
    }
    need(payload, at + 4);
    const end = at + 4 + readUint32(payload, at);
    need(payload, end);
    const value = this.#serializer.decode(payload.subarray(at + 4, end));
    this.hasStopped = !consumer.record(this.#channel, value, timestampMs, key);
    return end;
  }

  #dropHead(): void {
    this.#head += 1;
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 64) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
  }
}

function need(payload: Buffer, end: number): void {
  if (end > payload.length) {
    throw malformed('a record that is cut off');
  }
}

function sequenceBroken(channel: string, problem: string): StreamError {
  return new StreamError({
    code: 'exchange-sequence-broken',
    reaction: 'restart-job',
    message: `Channel ${channel}: ${problem}.`,
  });
}
