import type { Timers } from '../../shared/functions/timers.ts';
import { invariant } from '../../shared/invariant.ts';
import type { KeyContext } from '../state/key-context.ts';
import type { TimerService } from '../timers/timer-service.ts';

export interface KeyTimersOptions {
  readonly keys: KeyContext;
  readonly event: TimerService;
  readonly processing: TimerService;
  readonly watermarkMs: () => number | undefined;
  readonly nowMs: () => number;
  /** A timer was registered: it may be earlier than all that were known. */
  readonly onRegister: (domain: 'event' | 'processing', timestampMs: number) => void;
}

/** Timers of the current key, as user functions see them. */
export class KeyTimers implements Timers {
  readonly #options: KeyTimersOptions;

  constructor(options: KeyTimersOptions) {
    this.#options = options;
  }

  registerEventTime(timestamp: number): void {
    const { keys, event, onRegister } = this.#options;
    event.register(keys.key, '', checked(timestamp));
    onRegister('event', timestamp);
  }

  registerProcessingTime(timestamp: number): void {
    const { keys, processing, onRegister } = this.#options;
    processing.register(keys.key, '', checked(timestamp));
    onRegister('processing', timestamp);
  }

  deleteEventTime(timestamp: number): void {
    const { keys, event } = this.#options;
    event.delete(keys.key, '', checked(timestamp));
  }

  deleteProcessingTime(timestamp: number): void {
    const { keys, processing } = this.#options;
    processing.delete(keys.key, '', checked(timestamp));
  }

  get currentWatermark(): number | undefined {
    return this.#options.watermarkMs();
  }

  get currentProcessingTime(): number {
    return this.#options.nowMs();
  }
}

/** For functions without `onTimer`: the times can be read, and a timer would never be heard of. */
export class NoTimers implements Timers {
  readonly #watermarkMs: () => number | undefined;
  readonly #nowMs: () => number;

  constructor(watermarkMs: () => number | undefined, nowMs: () => number) {
    this.#watermarkMs = watermarkMs;
    this.#nowMs = nowMs;
  }

  registerEventTime(): void {
    throw noOnTimer();
  }

  registerProcessingTime(): void {
    throw noOnTimer();
  }

  deleteEventTime(): void {
    throw noOnTimer();
  }

  deleteProcessingTime(): void {
    throw noOnTimer();
  }

  get currentWatermark(): number | undefined {
    return this.#watermarkMs();
  }

  get currentProcessingTime(): number {
    return this.#nowMs();
  }
}

function checked(timestamp: number): number {
  invariant(Number.isSafeInteger(timestamp), "a timer's time must be a whole number of milliseconds");
  return timestamp;
}

function noOnTimer(): Error {
  return new Error('a timer is registered by a function that has no onTimer');
}
