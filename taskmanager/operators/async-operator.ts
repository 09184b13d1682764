import type { Failure } from '../../shared/failure/failure.ts';
import type { AsyncSpec } from '../../shared/graph/logical-graph.ts';
import type { Operator } from './operator.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import { nameOf, placed } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import type { OutputPressure } from './output-pressure.ts';

/** A record whose call is under way, or whose result waits for room. */
export interface InFlight {
  readonly value: unknown;
  readonly timestampMs: number | undefined;
}

export interface AsyncDeps {
  readonly monotonicMs: () => number;
  /** Calls back once after `delayMs`; gives a function that takes it back. */
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  /** A result is there: the loop should look. */
  readonly wake: () => void;
  readonly fail: (failure: Failure) => void;
}

class Call implements InFlight {
  readonly value: unknown;
  readonly timestampMs: number | undefined;
  readonly deadlineMs: number;
  readonly abort = new AbortController();
  isDone = false;
  result: unknown = undefined;

  constructor(value: unknown, timestampMs: number | undefined, deadlineMs: number) {
    this.value = value;
    this.timestampMs = timestampMs;
    this.deadlineMs = deadlineMs;
  }
}

/**
 * Calls something that answers later, for many records at once. Always the head of its chain (Flink: `AsyncWaitOperator`).
 *
 * I1  At most `inFlightMax` records are held; while `isFull` the subtask takes no input.
 * I2  `ordered`: results leave in the order of their records. `unordered`: in the order in which they came.
 * I3  A result leaves only by `emitDone`, inside the loop and while the outputs have room: never from a promise's callback.
 * I4  `inFlight` holds every record whose result has not left, in the order of arrival: with the source's position this is
 *     all that must be kept to continue.
 * I5  After `close` no result leaves and every call has been told to abort.
 */
export class AsyncOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #spec: AsyncSpec;
  readonly #deps: AsyncDeps;
  readonly #received: HotCount;
  readonly #main: OperatorOutput;
  readonly #pressure: OutputPressure;
  /** In the order of arrival; so also in the order of their deadlines. */
  readonly #calls = new Set<Call>();
  /** `unordered` only: in the order in which they were done. */
  readonly #done: Call[] = [];
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: OperatorParts, spec: AsyncSpec, deps: AsyncDeps) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#main = parts.main;
    this.#pressure = parts.pressure;
    this.#spec = spec;
    this.#deps = deps;
  }

  get isFull(): boolean {
    return this.#calls.size >= this.#spec.inFlightMax;
  }

  get isEmpty(): boolean {
    return this.#calls.size === 0;
  }

  get inFlight(): Iterable<InFlight> {
    return this.#calls;
  }

  /** True when `emitDone` would emit something, were there room. */
  get hasDone(): boolean {
    if (this.#spec.order === 'unordered') {
      return this.#done.length > 0;
    }
    const [first] = this.#calls;
    return first?.isDone === true;
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    const call = new Call(value, timestampMs, this.#deps.monotonicMs() + this.#spec.timeoutMs);
    this.#calls.add(call);
    this.#cancelTimer ??= this.#deps.schedule(this.#spec.timeoutMs, () => {
      this.#onTimer();
    });
    this.#start(call);
  }

  /** Emits results while the outputs have room. */
  emitDone(): void {
    while (!this.#pressure.isBlocked && this.hasDone) {
      const call = this.#spec.order === 'unordered' ? this.#done.shift() : first(this.#calls);
      if (call !== undefined) {
        this.#calls.delete(call);
        this.#main.emit(call.result, call.timestampMs);
      }
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    for (const call of this.#calls) {
      call.abort.abort();
    }
    this.#calls.clear();
    this.#done.length = 0;
  }

  #start(call: Call): void {
    let answer: Promise<unknown>;
    try {
      answer = this.#spec.call(call.value, call.abort.signal);
    } catch (error) {
      throw placed(error, this.scope);
    }
    answer.then(
      (result) => {
        this.#onResult(call, result);
      },
      (error: unknown) => {
        if (!this.#isClosed && !call.abort.signal.aborted) {
          this.#deps.fail(placed(error, this.scope).failure);
        }
      },
    );
  }

  #onResult(call: Call, result: unknown): void {
    if (this.#isClosed || call.abort.signal.aborted) {
      return;
    }
    call.result = result;
    call.isDone = true;
    if (this.#spec.order === 'unordered') {
      this.#done.push(call);
    }
    this.#deps.wake();
  }

  /** One timer for all: the oldest call that is under way has the earliest deadline. */
  #onTimer(): void {
    this.#cancelTimer = undefined;
    const oldest = firstPending(this.#calls);
    if (oldest === undefined || this.#isClosed) {
      return;
    }
    const leftMs = oldest.deadlineMs - this.#deps.monotonicMs();
    if (leftMs > 0) {
      this.#cancelTimer = this.#deps.schedule(leftMs, () => {
        this.#onTimer();
      });
      return;
    }
    oldest.abort.abort();
    this.#deps.fail({
      code: 'async-timeout',
      reaction: 'restart-job',
      message: `${nameOf(this.scope)}: a call did not answer within ${this.#spec.timeoutMs} ms`,
      remedy: 'Raise timeoutMs, or give a value that says so before it.',
    });
  }
}

function first(calls: ReadonlySet<Call>): Call | undefined {
  const [call] = calls;
  return call;
}

function firstPending(calls: ReadonlySet<Call>): Call | undefined {
  for (const call of calls) {
    if (!call.isDone) {
      return call;
    }
  }
  return undefined;
}
