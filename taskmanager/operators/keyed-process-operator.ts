import type { KeyedProcessFunction } from '../../shared/functions/functions.ts';
import { textOfBinary } from '../../shared/checkpoint/binary.ts';
import { failpointAsync } from '../../shared/failpoints/failpoint.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { OperatorSpec } from '../../shared/graph/logical-graph.ts';
import { invariant, required } from '../../shared/invariant.ts';
import type { KeyPart } from '../state/key-context.ts';
import type { KeyAndNamespace } from '../state/keyed-state.ts';
import type { Lease } from '../state/lease.ts';
import { TimerService } from '../timers/timer-service.ts';
import type { Timer } from '../timers/timer-key.ts';
import { KeyTimers, NoTimers } from './key-timers.ts';
import { KeyedBackend } from './keyed-backend.ts';
import { ListStates } from './list-states.ts';
import type { Capture, Operator, OperatorOpenContext } from './operator.ts';
import type { OperatorParts } from './operator-parts.ts';
import { placed } from './operator-scope.ts';
import type { HotCount, OperatorScope } from './operator-scope.ts';
import { OutputContext } from './output-context.ts';
import type { GuardedRecord } from './record-fingerprint.ts';
import type { RecordGuard } from './record-guard.ts';
import type { StateContext } from './state-context.ts';
import { TimerFiring } from './timer-firing.ts';

export type KeyedSpec = Extract<OperatorSpec, { readonly kind: 'keyed-process' | 'keyed-co-process' }>;

/** What the functions of one input and of two have in common. */
type KeyedFunction = Pick<KeyedProcessFunction<unknown, unknown>, 'open' | 'onTimer' | 'close'>;

/** A record that its key's state was fetched for. */
export interface KeyedRecord {
  readonly value: unknown;
  readonly timestampMs: number | undefined;
  readonly key: string;
  readonly part: KeyPart;
  /** 1 for the second stream of `connect`, else 0. */
  readonly input: 0 | 1;
}

/** Timers of Node count in 31 bits. */
const ALARM_MS_MAX = 2 ** 31 - 1;

/**
 * Calls a user's function with the state and the timers of each record's key. Always the head of its chain: the key came with
 * the record over a hash edge. With two inputs (`connect`) both share the state and the timers of a key. What it reads from
 * (tasks/keyed-input.ts) gathers records, fetches their keys' state and calls it.
 *
 * K1  While `isStateful` is false the function has declared nothing: records are handed over one by one, by `record`.
 * K2  `process` and a timer's call need the key's state to be fetched, and the lease of it to be held.
 * K3  What a function emits or writes after its subtask was closed goes nowhere.
 * K4  A record that is quarantined reaches neither the function nor the state; timers have no record, and are not quarantined.
 */
export class KeyedProcessOperator implements Operator {
  readonly scope: OperatorScope;
  readonly #process: KeyedFunction;
  readonly #callProcess: (value: unknown, context: OutputContext, input: 0 | 1) => unknown;
  readonly #received: HotCount;
  readonly #guard: RecordGuard;
  readonly #context: OutputContext;
  readonly #lists = new ListStates();
  #state: StateContext | undefined;
  #backend: KeyedBackend | undefined;
  #firing: { readonly event: TimerFiring; readonly processing: TimerFiring } | undefined;
  #processingTimers: TimerService | undefined;
  #watermarkMs: number | undefined;
  /** What the function waits for: closed after it has ended. */
  readonly #pending = new Set<Promise<void>>();
  #cancelAlarm: (() => void) | undefined;
  isStateful = false;
  onProcessingTimer: (timestampMs: number) => void = () => undefined;

  constructor(parts: OperatorParts, spec: KeyedSpec) {
    this.scope = parts.scope;
    this.#received = parts.received;
    this.#guard = parts.guard;
    this.#process = spec.process;
    this.#callProcess = callOf(spec);
    this.#context = new OutputContext(parts);
    this.#context.keyTimers = new NoTimers(
      () => this.#watermarkMs,
      () => this.#stateContext.nowMs(),
    );
  }

  // ------------------------------------------------------------------------------------------- life

  async restore(context: StateContext, signal: AbortSignal): Promise<void> {
    this.#state = context;
    this.#lists.restore(context);
    if (context.restored !== undefined) {
      await failpointAsync('task.during-restore');
    }
    const clock = {
      eventMs: () => this.#watermarkMs,
      recordMs: () => this.#context.timestamp,
      processingMs: () => context.nowMs(),
    };
    this.#backend = await KeyedBackend.open(context, this.scope, clock, signal);
    if (this.#process.onTimer !== undefined) {
      this.#openTimers(this.#backend);
    }
  }

  open(context: OperatorOpenContext): void {
    const backend = this.#openBackend;
    const { state } = backend;
    this.#process.open?.({ ...context, state, operatorState: this.#lists.access });
    state.seal();
    this.isStateful = this.#firing !== undefined || state.declared > 0;
    if (this.isStateful) {
      backend.begin(context.metrics);
    } else if (!backend.isRestored) {
      // Nothing to keep, and nothing to carry on of an earlier version of the job.
      this.#backend = undefined;
      this.beside(backend.close());
    }
  }

  capture(checkpoint: CheckpointId): Capture {
    const write = this.#backend?.capture(checkpoint);
    if (write === undefined) {
      return this.#lists.capture();
    }
    const lists = this.#lists.snapshot();
    return { write: async (signal) => ({ ...(await write(signal)), lists }) };
  }

  checkpointCompleted(checkpoint: CheckpointId): void {
    this.#backend?.completed(checkpoint);
  }

  async close(): Promise<void> {
    this.#context.isClosed = true;
    this.#cancelAlarm?.();
    await Promise.all(this.#pending);
    try {
      this.#process.close?.();
    } finally {
      await this.#backend?.close();
    }
  }

  // ------------------------------------------------------------------------------------------- records

  partOf(key: string): KeyPart {
    return this.#openBackend.state.context.partOf(key);
  }

  prefetch(keys: readonly KeyAndNamespace[]): Lease | Promise<Lease> {
    return this.#openBackend.state.prefetch(keys);
  }

  record(value: unknown, timestampMs: number | undefined, key: string | undefined, input: 0 | 1): void {
    const waiting = this.#call(value, timestampMs, required(key, 'the key of a record in a keyed operator'), input);
    invariant(
      waiting === undefined,
      'a function without state gave a promise: only the read of a large map may be waited for',
    );
  }

  /** A promise: the function waits, and nothing else may run until it ends. */
  process({ value, timestampMs, key, part, input }: KeyedRecord): Promise<void> | undefined {
    this.#openBackend.state.setKey(part);
    return this.#call(value, timestampMs, key, input);
  }

  /** Memory of unapplied changes; a promise: no record may be processed until it ends. */
  checkPressure(): Promise<void> | undefined {
    return this.#openBackend.checkPressure();
  }

  // ------------------------------------------------------------------------------------------- time

  /** Undefined: the operator has no timers. */
  get timers(): { readonly event: TimerFiring; readonly processing: TimerFiring } | undefined {
    return this.#firing;
  }

  get nextProcessingTimerMs(): number {
    return this.#processingTimers?.nextMs() ?? Infinity;
  }

  get watermarkMs(): number | undefined {
    return this.#watermarkMs;
  }

  advanceTo(watermarkMs: number): void {
    this.#watermarkMs = watermarkMs;
  }

  get nowMs(): number {
    return this.#stateContext.nowMs();
  }

  /** One at a time: a later call takes the place of the one before. Wakes the loop. */
  setAlarm(atMs: number, callback: () => void): void {
    const { after, wake, nowMs } = this.#stateContext;
    this.#cancelAlarm?.();
    this.#cancelAlarm = after(Math.min(Math.max(0, atMs - nowMs()), ALARM_MS_MAX), () => {
      callback();
      wake();
    });
  }

  /** Lets `work` run beside the loop: then the loop looks again; its failure is the subtask's. */
  beside(work: Promise<void>): void {
    const { wake, fail } = this.#stateContext;
    const done: Promise<void> = work
      .then(wake, (error: unknown) => {
        if (!this.#context.isClosed) {
          fail(placed(error, this.scope).failure);
        }
      })
      .then(() => {
        this.#pending.delete(done);
      });
    this.#pending.add(done);
  }

  // ------------------------------------------------------------------------------------------- below

  #call(value: unknown, timestampMs: number | undefined, key: string, input: 0 | 1): Promise<void> | undefined {
    this.#received.value += 1;
    if (this.#guard.isWatching && this.#guard.takes(value, timestampMs, key, input)) {
      return undefined;
    }
    this.#context.timestamp = timestampMs;
    this.#context.key = key;
    let answer: unknown;
    try {
      answer = this.#callProcess(value, this.#context, input);
    } catch (error) {
      throw this.#guard.failed(error, value, timestampMs, key, input);
    }
    return answer instanceof Promise ? this.#ended(answer, { value, timestampMs, key, input }) : undefined;
  }

  /** What a function's promise gives does not matter. */
  async #ended(answer: Promise<unknown>, { value, timestampMs, key, input }: CalledRecord): Promise<void> {
    try {
      await answer;
    } catch (error) {
      throw this.#guard.failed(error, value, timestampMs, key, input);
    }
  }

  #callTimer(timer: Timer, part: KeyPart, timeDomain: 'event' | 'processing'): Promise<void> | undefined {
    this.#openBackend.state.setKey(part, timer.namespace === '' ? undefined : timer.namespace);
    this.#context.timestamp = timer.timestampMs;
    this.#context.key = textOfBinary(timer.key);
    this.#context.timeDomain = timeDomain;
    let answer: unknown;
    try {
      answer = this.#process.onTimer?.(timer.timestampMs, this.#context);
    } catch (error) {
      throw placed(error, this.scope);
    }
    return answer instanceof Promise ? ended(answer) : undefined;
  }

  #openTimers({ store, dictionary, range, isRestored, state }: KeyedBackend): void {
    const options = { store, dictionary, range, isFresh: !isRestored };
    const event = new TimerService({ ...options, time: 'event' });
    const processing = new TimerService({ ...options, time: 'processing' });
    const firingOf = (timers: TimerService, domain: 'event' | 'processing'): TimerFiring =>
      new TimerFiring({
        timers,
        prefetch: (keys): Lease | Promise<Lease> => this.prefetch(keys),
        call: (timer, part): Promise<void> | undefined => this.#callTimer(timer, part, domain),
        beside: (work) => {
          this.beside(work);
        },
      });
    const firing = { event: firingOf(event, 'event'), processing: firingOf(processing, 'processing') };
    this.#firing = firing;
    this.#processingTimers = processing;
    this.#context.keyTimers = new KeyTimers({
      keys: state.context,
      event,
      processing,
      watermarkMs: () => this.#watermarkMs,
      nowMs: () => this.#stateContext.nowMs(),
      onRegister: (domain, timestampMs) => {
        firing[domain].onRegister(timestampMs);
        if (domain === 'processing') {
          this.onProcessingTimer(timestampMs);
        }
      },
    });
  }

  get #openBackend(): KeyedBackend {
    return required(this.#backend, 'the state of a keyed operator: it is opened before its function');
  }

  get #stateContext(): StateContext {
    return required(this.#state, 'the state of a keyed operator: it is restored before it is used');
  }
}

type CalledRecord = Pick<GuardedRecord, 'value' | 'timestampMs' | 'input'> & { readonly key: string };

function callOf(spec: KeyedSpec): (value: unknown, context: OutputContext, input: 0 | 1) => unknown {
  if (spec.kind === 'keyed-process') {
    const { process } = spec;
    return (value, context): unknown => process.process(value, context);
  }
  const { process } = spec;
  return (value, context, input): unknown =>
    input === 0 ? process.process1(value, context) : process.process2(value, context);
}

/** What a function's promise gives does not matter. */
async function ended(answer: Promise<unknown>): Promise<void> {
  await answer;
}
