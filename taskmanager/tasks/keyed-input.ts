import { required } from '../../shared/invariant.ts';
import { isTime } from '../../shared/stream-element.ts';
import type { ControlElement, TimeElement } from '../../shared/stream-element.ts';
import type { ElementConsumer, InputGate } from '../input/input-gate.ts';
import type { Chain } from '../operators/chain.ts';
import type { KeyedProcessOperator, KeyedRecord } from '../operators/keyed-process-operator.ts';
import type { Lease } from '../state/lease.ts';
import { GateTime } from './gate-time.ts';
import { ELEMENTS_PER_RUN, canGoOn } from './take-input.ts';
import type { OnControl, TaskInput } from './take-input.ts';
import type { Turn } from './turn.ts';

type Element =
  | (KeyedRecord & { readonly kind: 'record' })
  | { readonly kind: 'control'; readonly channel: number; readonly element: ControlElement };

/**
 * The input of a keyed operator. Elements are gathered, the state of their keys is fetched in one batch, and they are handled in
 * their order: keyed state costs no wait per record (DESIGN §5).
 *
 * I1  Elements are handled in the order in which the gate gave them; control elements keep their place. A channel is blocked from
 *     the moment its barrier is gathered: nothing behind it is gathered before the aligner lets the channel go on.
 * I2  Timers by event time fire after the watermark that reaches them and before every later record, one at a time: mails, other
 *     subtasks, and a barrier in front of which no record waits, come between. Only then does the watermark go on.
 * I3  Timers by processing time come between any two records, and none comes behind the last one.
 * I4  While it waits (for state, for a function that reads a large map) nothing is handled; what it waits for wakes the loop.
 */
export class KeyedInput implements TaskInput, ElementConsumer {
  readonly #gate: InputGate;
  readonly #chain: Chain;
  readonly #operator: KeyedProcessOperator;
  readonly #onControl: OnControl;
  readonly #time: GateTime;
  readonly #inputs: readonly (0 | 1)[];
  #batch: Element[] = [];
  #at = 0;
  #lease: Lease | undefined;
  #isWaiting = false;
  #turn: Turn | undefined;
  /** A watermark whose timers fire, and what the same element led to: they go on when the timers have fired. */
  #heldTime: readonly TimeElement[] = [];
  /** At first it is not known what a restore has brought. */
  #isProcessingTimeDue = true;
  #alarmMs = Infinity;

  constructor(gate: InputGate, chain: Chain, operator: KeyedProcessOperator, onControl: OnControl) {
    this.#gate = gate;
    this.#chain = chain;
    this.#operator = operator;
    this.#onControl = onControl;
    this.#time = new GateTime(gate.channelCount);
    this.#inputs = Array.from({ length: gate.channelCount }, (_, channel) => gate.inputOf(channel));
    operator.onProcessingTimer = (timestampMs) => {
      this.#setAlarm(timestampMs);
    };
  }

  get hasInput(): boolean {
    if (this.#isWaiting) {
      return false;
    }
    if (this.#isProcessingTimerDue && this.#operator.timers?.processing.isWaiting === false) {
      return true;
    }
    if (this.#heldTime.length === 0) {
      return this.#at < this.#batch.length || this.#gate.hasInput;
    }
    return this.#operator.timers?.event.isWaiting !== true || this.#mayLookForBarrier();
  }

  get isWaiting(): boolean {
    return this.#isWaiting || (this.#heldTime.length > 0 && this.#operator.timers?.event.isWaiting === true);
  }

  get hasEnded(): boolean {
    return this.#time.haveRecordsEnded && this.#heldTime.length === 0 && !this.#isWaiting;
  }

  take(turn: Turn): void {
    this.#turn = turn;
    if (!this.#operator.isStateful) {
      this.#gate.poll(ELEMENTS_PER_RUN, this);
      return;
    }
    for (let handled = 0; handled < ELEMENTS_PER_RUN && this.#step(); handled += 1) {
      if (!canGoOn(this.#chain) || turn.spend(1)) {
        return;
      }
    }
  }

  record(channel: number, value: unknown, timestampMs: number | undefined, key: string | undefined): boolean {
    const text = required(key, 'the key of a record in a keyed operator');
    const input = this.#inputs[channel] ?? 0;
    if (!this.#operator.isStateful) {
      this.#operator.record(value, timestampMs, text, input);
      return canGoOn(this.#chain) && this.#turn?.spend(1) !== true;
    }
    this.#batch.push({ kind: 'record', value, timestampMs, key: text, part: this.#operator.partOf(text), input });
    return true;
  }

  control(channel: number, element: ControlElement): void {
    if (!this.#operator.isStateful) {
      this.#handleControl(channel, element);
      return;
    }
    if (element.kind === 'barrier') {
      this.#gate.block(channel); // I1
    }
    this.#batch.push({ kind: 'control', channel, element });
  }

  /** Handles one thing; false: nothing can be handled now. */
  #step(): boolean {
    if (this.#isWaiting) {
      return false;
    }
    if (this.#isProcessingTimerDue && this.#fireByProcessingTime()) {
      return true;
    }
    const next = this.#batch[this.#at];
    if (next === undefined && this.#gate.hasInput) {
      return this.#gather();
    }
    if (this.#heldTime.length > 0 && !isBarrier(next)) {
      return this.#fireByEventTime();
    }
    if (next === undefined) {
      return false;
    }
    this.#advance();
    if (next.kind === 'control') {
      this.#handleControl(next.channel, next.element);
      return true;
    }
    const waiting = this.#operator.process(next);
    if (waiting !== undefined) {
      this.#wait(waiting);
    }
    return waiting === undefined;
  }

  #gather(): boolean {
    const pressure = this.#operator.checkPressure();
    if (pressure !== undefined) {
      this.#wait(pressure);
      return false;
    }
    this.#lease?.release();
    this.#lease = undefined;
    this.#batch = [];
    this.#at = 0;
    this.#gate.poll(ELEMENTS_PER_RUN, this);
    const keys = this.#batch.flatMap((element) => (element.kind === 'record' ? [{ key: element.part }] : []));
    if (keys.length === 0) {
      return true;
    }
    const lease = this.#operator.prefetch(keys);
    if (!(lease instanceof Promise)) {
      this.#lease = lease;
      return true;
    }
    this.#wait(
      lease.then((fetched) => {
        this.#lease = fetched;
      }),
    );
    return false;
  }

  /** The values that were handled are not kept until the batch ends. */
  #advance(): void {
    this.#at += 1;
    if (this.#at === this.#batch.length) {
      this.#batch = [];
      this.#at = 0;
    }
  }

  #handleControl(channel: number, element: ControlElement): void {
    const steps = this.#time.on(channel, element);
    const due = steps.findIndex((step) => step.kind === 'watermark' && this.#advanceTo(step.timestampMs));
    const held = due === -1 ? steps.length : due;
    this.#forward(steps.slice(0, held));
    this.#heldTime = steps.slice(held);
    if (!isTime(element)) {
      this.#onControl(channel, element);
    }
  }

  /** True when timers may be due now. */
  #advanceTo(watermarkMs: number): boolean {
    this.#operator.advanceTo(watermarkMs);
    return this.#operator.timers?.event.mayBeDue(watermarkMs) === true;
  }

  #forward(steps: readonly TimeElement[]): void {
    for (const step of steps) {
      this.#onControl(0, step);
    }
  }

  #fireByEventTime(): boolean {
    const upToMs = this.#operator.watermarkMs ?? -Infinity;
    const step = this.#operator.timers?.event.step(upToMs) ?? 'none';
    if (step instanceof Promise) {
      this.#wait(step);
      return false;
    }
    if (step === 'none') {
      this.#forward(this.#heldTime);
      this.#heldTime = [];
    }
    return step !== 'waits';
  }

  /** Behind the last record nothing may be emitted: what is left of these timers stays in the state (as in Flink). */
  get #isProcessingTimerDue(): boolean {
    return this.#isProcessingTimeDue && !this.#time.haveRecordsEnded;
  }

  /** True when a timer has fired. */
  #fireByProcessingTime(): boolean {
    const nowMs = this.#operator.nowMs;
    const step = this.#operator.timers?.processing.step(nowMs) ?? 'none';
    if (step instanceof Promise) {
      this.#wait(step);
      return true;
    }
    if (step === 'none') {
      this.#isProcessingTimeDue = false;
      this.#setAlarm(this.#operator.nextProcessingTimerMs);
    }
    return step === 'fired';
  }

  /** One alarm, for the earliest timer. */
  #setAlarm(atMs: number): void {
    if (atMs < this.#alarmMs) {
      this.#alarmMs = atMs;
      this.#operator.setAlarm(atMs, () => {
        this.#alarmMs = Infinity;
        this.#isProcessingTimeDue = true;
      });
    }
  }

  #mayLookForBarrier(): boolean {
    const next = this.#batch[this.#at];
    return next === undefined ? this.#gate.hasInput : isBarrier(next);
  }

  #wait(work: Promise<void>): void {
    this.#isWaiting = true;
    this.#operator.beside(
      work.finally(() => {
        this.#isWaiting = false;
      }),
    );
  }
}

function isBarrier(element: Element | undefined): boolean {
  return (
    element?.kind === 'control' && (element.element.kind === 'barrier' || element.element.kind === 'cancel-marker')
  );
}
