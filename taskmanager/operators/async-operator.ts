import type { Failure } from '../../shared/failure/failure.ts';
import type { AsyncSpec } from '../../shared/graph/logical-graph.ts';
import type { OperatorListState, OperatorListStateDescriptor } from '../../shared/functions/state.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import { inFlightSerializer } from './in-flight.ts';
import type { InFlight } from './in-flight.ts';
import { ListStates } from './list-states.ts';
import type { Capture, Operator } from './operator.ts';
import type { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import { nameOf } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import type { OutputPressure } from './output-pressure.ts';
import type { RecordGuard } from './record-guard.ts';
import type { StateContext } from './state-context.ts';

export interface AsyncDeps {
  readonly monotonicMs: () => number;
  /** Calls back once after `delayMs`; gives a function that takes it back. */
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  /** A result is there: the loop should look. */
  readonly wake: () => void;
  readonly fail: (failure: Failure) => void;
}

export interface AsyncOptions {
  readonly spec: AsyncSpec;
  readonly deps: AsyncDeps;
  /** Of the values that come in: how those in flight stand in a checkpoint. */
  readonly serializer: Serializer<unknown>;
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
 * I4  A checkpoint holds every record whose result has not left, in the order of arrival: with the source's position this is
 *     all that must be kept to continue. After a restore they are called anew, before any other record.
 * I5  After `close` no result leaves and every call has been told to abort.
 */
export class AsyncOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #spec: AsyncSpec;
  readonly #deps: AsyncDeps;
  readonly #received: HotCount;
  readonly #guard: RecordGuard;
  readonly #main: OperatorOutput;
  readonly #pressure: OutputPressure;
  readonly #lists = new ListStates();
  readonly #state: OperatorListStateDescriptor<InFlight>;
  #kept: OperatorListState<InFlight> | undefined;
  /** From a checkpoint, not called yet. */
  #restored: InFlight[] = [];
  /** In the order of arrival; so also in the order of their deadlines. */
  readonly #calls = new Set<Call>();
  /** `unordered` only: in the order in which they were done. */
  readonly #done: Call[] = [];
  #cancelTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: OperatorParts, { spec, deps, serializer }: AsyncOptions) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#guard = parts.guard;
    this.#main = parts.main;
    this.#pressure = parts.pressure;
    this.#spec = spec;
    this.#deps = deps;
    this.#state = {
      kind: 'operator-list',
      redistribution: 'split',
      options: { name: 'in-flight', serializer: inFlightSerializer(serializer) },
    };
  }

  async restore(context: StateContext): Promise<void> {
    this.#lists.restore(context);
    this.#kept = this.#lists.access.list(this.#state);
    this.#restored = [...this.#kept.get()];
    await Promise.resolve();
  }

  /** I4. Encoded at once: what becomes of the records later is no part of it. */
  capture(): Capture {
    this.#kept ??= this.#lists.access.list(this.#state);
    this.#kept.update([...this.#calls, ...this.#restored]);
    const capture = this.#lists.capture();
    this.#kept.clear();
    return capture;
  }

  /** While restored records wait nothing else comes in, so that they keep their place. */
  get isFull(): boolean {
    return this.#calls.size >= this.#spec.inFlightMax || this.#restored.length > 0;
  }

  get isEmpty(): boolean {
    return this.#calls.size === 0 && this.#restored.length === 0;
  }

  /** True when `emitDone` has something to do, as far as there is room. */
  get hasDone(): boolean {
    if (this.#restored.length > 0 && this.#calls.size < this.#spec.inFlightMax) {
      return true;
    }
    if (this.#spec.order === 'unordered') {
      return this.#done.length > 0;
    }
    const [first] = this.#calls;
    return first?.isDone === true;
  }

  record(value: unknown, timestampMs: number | undefined): void {
    this.#received.value += 1;
    this.#begin(value, timestampMs);
  }

  #begin(value: unknown, timestampMs: number | undefined): void {
    const call = new Call(value, timestampMs, this.#deps.monotonicMs() + this.#spec.timeoutMs);
    this.#calls.add(call);
    this.#cancelTimer ??= this.#deps.schedule(this.#spec.timeoutMs, () => {
      this.#onTimer();
    });
    this.#start(call);
  }

  /** Emits results while the outputs have room, and calls what a restore has brought. */
  emitDone(): void {
    while (!this.#pressure.isBlocked && this.hasDone) {
      if (this.#callRestored()) {
        continue;
      }
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

  /** True when there was one, and room for its call. */
  #callRestored(): boolean {
    const next = this.#calls.size < this.#spec.inFlightMax ? this.#restored.shift() : undefined;
    if (next !== undefined) {
      this.#begin(next.value, next.timestampMs);
    }
    return next !== undefined;
  }

  #start(call: Call): void {
    let answer: Promise<unknown>;
    try {
      answer = this.#spec.call(call.value, call.abort.signal);
    } catch (error) {
      throw this.#guard.failed(error, call.value, call.timestampMs);
    }
    answer.then(
      (result) => {
        this.#onResult(call, result);
      },
      (error: unknown) => {
        if (!this.#isClosed && !call.abort.signal.aborted) {
          this.#deps.fail(this.#guard.failed(error, call.value, call.timestampMs).failure);
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
