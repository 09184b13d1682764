import { isTime } from '../../shared/stream-element.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import type { ElementConsumer, InputGate } from '../input/input-gate.ts';
import type { Chain } from '../operators/chain.ts';
import type { SourceOperator } from '../operators/source-operator.ts';
import { GateTime } from './gate-time.ts';
import type { Turn } from './turn.ts';

/**
 * Where a subtask's records come from: its gate, or its source's reader.
 *
 * I1  `take` stops after the record that filled an output, suspended an operator or filled the async operator; so what one
 *     record emits bounds the overdraft.
 * I2  A control element keeps its place among the records, and is handed on when all before it was processed. A barrier may
 *     stop the chain (`canGoOn`) until its snapshot can be made: nothing behind it is processed before.
 */
export interface TaskInput {
  /** True when `take` would find something. */
  readonly hasInput: boolean;
  /** It waits for something that will wake the loop, with records in hand: there is nothing to take until then. */
  readonly isWaiting: boolean;
  /** Every record was taken and none will come. Barriers still may (`end-of-records` in stream-element.ts). */
  readonly hasEnded: boolean;
  take(turn: Turn): void;
}

/** Most elements taken in one run, so that the other subtasks of the slot get theirs. */
export const ELEMENTS_PER_RUN = 256;

/** Takes control elements in their place. Of event time it hears what holds for the whole gate; `channel` means nothing then. */
export type OnControl = (channel: number, element: ControlElement) => void;

export class GateInput implements TaskInput, ElementConsumer {
  readonly isWaiting = false;
  readonly #gate: InputGate;
  readonly #chain: Chain;
  readonly #inputs: readonly (0 | 1)[];
  readonly #onControl: OnControl;
  readonly #time: GateTime;
  #turn: Turn | undefined;

  constructor(gate: InputGate, chain: Chain, onControl: OnControl) {
    this.#gate = gate;
    this.#chain = chain;
    this.#onControl = onControl;
    this.#time = new GateTime(gate.channelCount);
    this.#inputs = Array.from({ length: gate.channelCount }, (_, channel) => gate.inputOf(channel));
  }

  get hasInput(): boolean {
    return this.#gate.hasInput;
  }

  get hasEnded(): boolean {
    return this.#time.haveRecordsEnded;
  }

  take(turn: Turn): void {
    this.#turn = turn;
    this.#gate.poll(ELEMENTS_PER_RUN, this);
  }

  record(channel: number, value: unknown, timestampMs: number | undefined, key: string | undefined): boolean {
    this.#chain.head.record(value, timestampMs, key, this.#inputs[channel] ?? 0);
    return canGoOn(this.#chain) && this.#turn?.spend(1) !== true;
  }

  control(channel: number, element: ControlElement): void {
    for (const step of this.#time.on(channel, element)) {
      this.#onControl(channel, step);
    }
    if (!isTime(element)) {
      this.#onControl(channel, element);
    }
  }
}

/** Records asked of a reader at once: `poll` cannot be stopped between two of them. */
const RECORDS_PER_POLL = 8;

export class SourceInput implements TaskInput {
  readonly isWaiting = false;
  readonly #source: SourceOperator;
  readonly #chain: Chain;
  #mayHaveMore = false;
  #hasEnded = false;
  #recordsPerPoll = 1;
  readonly #onControl: OnControl;

  constructor(source: SourceOperator, chain: Chain, onControl: OnControl) {
    this.#source = source;
    this.#chain = chain;
    this.#onControl = onControl;
  }

  get hasInput(): boolean {
    return this.#mayHaveMore || this.#isTickDue;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The reader may have something. */
  onWake(): void {
    this.#mayHaveMore = !this.#hasEnded;
  }

  take(turn: Turn): void {
    if (this.#isTickDue) {
      for (const step of this.#source.tick()) {
        this.#onControl(0, step);
      }
      if (!canGoOn(this.#chain)) {
        return;
      }
    }
    for (let taken = 0; taken < ELEMENTS_PER_RUN && this.#mayHaveMore; taken += this.#recordsPerPoll) {
      // Before the poll: a wake during it must not be lost.
      this.#mayHaveMore = false;
      const result = this.#source.poll(this.#recordsPerPoll);
      this.#hasEnded = result === 'finished';
      this.#mayHaveMore = !this.#hasEnded && (result === 'more' || this.#mayHaveMore);
      const canContinue = canGoOn(this.#chain);
      // Records so large that a few fill the outputs are asked for one by one.
      this.#recordsPerPoll = canContinue ? RECORDS_PER_POLL : 1;
      if (!canContinue || turn.spend(this.#recordsPerPoll)) {
        return;
      }
    }
  }

  get #isTickDue(): boolean {
    return this.#source.isTickDue && !this.#hasEnded;
  }
}

/** Whether another record may be handed to the chain. */
export function canGoOn(chain: Chain): boolean {
  return !chain.pressure.isBlocked && chain.suspensions.isEmpty && chain.async?.isFull !== true;
}
