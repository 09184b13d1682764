import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { SlotExchange } from '../exchange/slot-exchange.ts';
import type { TaskCondition, TimeAccounting } from '../tasks/time-accounting.ts';
import { Turn } from '../tasks/turn.ts';
import { chooseNext } from './choose-next.ts';

/** What the loop knows of a subtask. */
export interface LoopTask {
  readonly condition: TaskCondition;
  run(turn: Turn): void;
  fail(failure: Failure): void;
  readonly metrics: { readonly time: TimeAccounting };
}

export interface SlotLoopDeps {
  readonly monotonicMs: () => number;
  /** Runs `turn` once, when the event loop has had its turn (setImmediate). */
  readonly schedule: (turn: () => void) => void;
  /** Age at which an unfilled frame is sent although the slot is busy. */
  readonly flushAfterMs: number;
}

/** How long the loop keeps the thread: long enough to be cheap, short enough for ports, timers and connections. */
const TURN_MS = 2;

/**
 * The one loop of a slot's thread.
 *
 * I1  Nothing waits inside a turn, and a turn is bounded: after 2 ms (and the records that a subtask takes between two looks
 *     at the clock) the event loop gets its turn.
 * I2  Mails come before records.
 * I3  A subtask runs only while it has something to do and all its outputs have room (choose-next.ts).
 * I4  When nothing is runnable, all frames are sent and no turn is scheduled: whatever changes that calls `wake`.
 */
export class SlotLoop {
  readonly #deps: SlotLoopDeps;
  readonly #turn: Turn;
  #tasks: readonly LoopTask[] = [];
  #exchange: Pick<SlotExchange, 'flush' | 'flushWrittenBefore'> | undefined;
  #mails: (() => void)[] = [];
  #isScheduled = false;
  #isStopped = false;
  #cursor = 0;
  #afterTurn: () => void = () => undefined;

  constructor(deps: SlotLoopDeps) {
    this.#deps = deps;
    this.#turn = new Turn(deps.monotonicMs);
  }

  /** `tasks` stand downstream first. `afterTurn` is called at the end of each turn. */
  begin(
    tasks: readonly LoopTask[],
    exchange: Pick<SlotExchange, 'flush' | 'flushWrittenBefore'>,
    afterTurn: () => void,
  ): void {
    this.#tasks = tasks;
    this.#exchange = exchange;
    this.#afterTurn = afterTurn;
    this.wake();
  }

  /** Runs no subtask any more; mails still come. */
  stop(): void {
    this.#isStopped = true;
  }

  post(mail: () => void): void {
    this.#mails.push(mail);
    this.wake();
  }

  readonly wake = (): void => {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#deps.schedule(this.#runTurn);
    }
  };

  readonly #runTurn = (): void => {
    this.#isScheduled = false;
    const beganMs = this.#deps.monotonicMs();
    for (const task of this.#tasks) {
      task.metrics.time.settle(beganMs, task.condition);
    }
    this.#runMails();
    if (!this.#isStopped) {
      this.#runTasks(beganMs);
      this.#flush(beganMs);
    }
    this.#afterTurn();
  };

  #runMails(): void {
    while (this.#mails.length > 0) {
      const mails = this.#mails;
      this.#mails = [];
      for (const mail of mails) {
        mail();
      }
    }
  }

  #runTasks(beganMs: number): void {
    this.#turn.begin(beganMs + TURN_MS);
    let nowMs = beganMs;
    do {
      const index = chooseNext(this.#tasks.length, this.#isRunnable, this.#cursor);
      const task = index === undefined ? undefined : this.#tasks[index];
      if (index === undefined || task === undefined) {
        return;
      }
      this.#cursor = index + 1;
      this.#run(task);
      const ranUntilMs = this.#deps.monotonicMs();
      task.metrics.time.ran(ranUntilMs - nowMs);
      nowMs = ranUntilMs;
    } while (!this.#isStopped && nowMs < beganMs + TURN_MS);
  }

  #run(task: LoopTask): void {
    try {
      task.run(this.#turn);
    } catch (error) {
      // Whoever is told of the failure stops the loop (Slot I2).
      task.fail(classifyUnknown(error, 'slot'));
    }
  }

  readonly #isRunnable = (index: number): boolean => this.#tasks[index]?.condition === 'runnable';

  #flush(beganMs: number): void {
    if (this.#hasRunnable()) {
      this.#exchange?.flushWrittenBefore(beganMs - this.#deps.flushAfterMs);
      this.wake();
      return;
    }
    this.#exchange?.flush();
    // Frames to subtasks of this thread arrive at once.
    if (this.#hasRunnable()) {
      this.wake();
    }
  }

  #hasRunnable(): boolean {
    const nowMs = this.#deps.monotonicMs();
    let isAny = false;
    for (const task of this.#tasks) {
      const { condition } = task;
      task.metrics.time.settle(nowMs, condition);
      isAny ||= condition === 'runnable';
    }
    return isAny;
  }
}
