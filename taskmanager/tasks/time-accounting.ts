import type { MetricGroup } from '../../shared/metrics/metrics.ts';

/**
 * What a subtask is doing when it does not run.
 *   idle            it has no input
 *   back-pressured  it has input, and an output, a sink or the async operator is full
 *   waiting         it has input, and waits for the state of its keys: that is work, too
 *   runnable        it could run
 */
export type TaskCondition = 'idle' | 'back-pressured' | 'waiting' | 'runnable';

/** The shortest time over which a rate says something. */
const WINDOW_MS_MIN = 500;

/**
 * Milliseconds per second that a subtask was busy, idle and back-pressured, with Flink's names. Busy is the time in which it
 * ran, could have run or waited for its state. The three add up to 1,000.
 */
export class TimeAccounting {
  #totals = { busy: 0, idle: 0, backPressured: 0 };
  #rates = { busy: 0, idle: 1_000, backPressured: 0 };
  #windowBeganMs: number;
  #settledMs: number;
  #ranMs = 0;
  #condition: TaskCondition = 'idle';

  constructor(nowMs: number) {
    this.#windowBeganMs = nowMs;
    this.#settledMs = nowMs;
  }

  ran(ms: number): void {
    this.#ranMs += ms;
  }

  /** Accounts the time since the last call: what was run, then the rest as the condition that held; `condition` holds next. */
  settle(nowMs: number, condition: TaskCondition): void {
    const elapsed = nowMs - this.#settledMs;
    const ran = Math.min(this.#ranMs, elapsed);
    this.#totals.busy += ran;
    this.#add(this.#condition, elapsed - ran);
    this.#ranMs = 0;
    this.#settledMs = nowMs;
    this.#condition = condition;
  }

  register(metrics: MetricGroup): void {
    metrics.gauge('busyTimeMsPerSecond', () => this.#rates.busy);
    metrics.gauge('idleTimeMsPerSecond', () => this.#rates.idle);
    metrics.gauge('backPressuredTimeMsPerSecond', () => this.#rates.backPressured);
  }

  /** Ends the window and begins the next: what the gauges show until then. */
  sample(nowMs: number): void {
    this.settle(nowMs, this.#condition);
    const window = nowMs - this.#windowBeganMs;
    if (window < WINDOW_MS_MIN) {
      return;
    }
    const { busy, idle, backPressured } = this.#totals;
    const perSecond = (ms: number): number => Math.round((ms * 1_000) / window);
    this.#rates = { busy: perSecond(busy), idle: perSecond(idle), backPressured: perSecond(backPressured) };
    this.#totals = { busy: 0, idle: 0, backPressured: 0 };
    this.#windowBeganMs = nowMs;
  }

  #add(condition: TaskCondition, ms: number): void {
    if (condition === 'runnable' || condition === 'waiting') {
      this.#totals.busy += ms;
    } else if (condition === 'idle') {
      this.#totals.idle += ms;
    } else {
      this.#totals.backPressured += ms;
    }
  }
}
