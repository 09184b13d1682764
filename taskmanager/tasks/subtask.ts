import type { SinkCommittables, SplitAssignment, SubtaskKey, TaskState } from '../../shared/control/messages.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import type { InputGate } from '../input/input-gate.ts';
import type { Chain } from '../operators/chain.ts';
import { nameOf, placed } from '../operators/operator-scope.ts';
import type { SinkOperator } from '../operators/sink-operator.ts';
import { closeChain } from './close-chain.ts';
import { ChainFinish } from './finish-chain.ts';
import { openChain } from './open-chain.ts';
import type { OpenContexts } from './open-chain.ts';
import { enter, hasEnded } from './subtask-phase.ts';
import type { SubtaskPhase } from './subtask-phase.ts';
import type { SubtaskMetrics } from './subtask-metrics.ts';
import { canGoOn, GateInput, SourceInput } from './take-input.ts';
import type { TaskInput } from './take-input.ts';
import type { TaskCondition } from './time-accounting.ts';
import type { Turn } from './turn.ts';

/** What the slot does for its subtasks. */
export interface SubtaskHost {
  /** Runs `mail` inside the loop, before the next record: how what was waited for comes back. */
  post(mail: () => void): void;
  report(report: SubtaskReport): void;
}

export interface SubtaskReport extends SubtaskKey {
  readonly state: TaskState;
  readonly failure?: Failure;
  readonly committables: readonly SinkCommittables[];
}

export interface SubtaskOptions {
  readonly key: SubtaskKey;
  readonly chain: Chain;
  readonly gate: InputGate | undefined;
  readonly contexts: OpenContexts;
  readonly metrics: SubtaskMetrics;
  readonly host: SubtaskHost;
}

/**
 * One subtask: its phase, and what each event does in it (subtask-phase.ts has the phases and their exits).
 *
 * I1  Everything here runs inside the slot's loop and never waits. What waits (open, the sinks' last flush, close) runs
 *     beside it and comes back as a mail, which does nothing when the phase has moved on.
 * I2  Each change of state that the coordinator knows is reported once.
 * I3  After an end phase was entered, no record is processed and nothing is written to an edge.
 * I4  `closed` ends when nothing of the subtask runs any more.
 */
export class Subtask {
  readonly key: SubtaskKey;
  readonly metrics: SubtaskMetrics;
  readonly #options: SubtaskOptions;
  readonly #chain: Chain;
  readonly #input: TaskInput;
  readonly #finish: ChainFinish;
  readonly #abort = new AbortController();
  readonly #closed = Promise.withResolvers<undefined>();
  #phase: SubtaskPhase = 'initializing';
  #assigned = 0;
  /** Given before the start: the readers get them then. */
  #early: SplitAssignment[] = [];
  /** What runs beside the loop: it is joined before anything is closed. */
  #beside: Promise<void> = Promise.resolve();

  constructor(options: SubtaskOptions) {
    this.#options = options;
    this.key = options.key;
    this.metrics = options.metrics;
    this.#chain = options.chain;
    this.#finish = new ChainFinish(options.chain);
    this.#input = this.#inputOf(options);
  }

  get phase(): SubtaskPhase {
    return this.#phase;
  }

  get hasEnded(): boolean {
    return hasEnded(this.#phase);
  }

  get closed(): Promise<undefined> {
    return this.#closed.promise;
  }

  /** Whether the loop may run it. */
  get condition(): TaskCondition {
    if (this.#phase !== 'running' && this.#phase !== 'finishing') {
      return 'idle';
    }
    const { pressure } = this.#chain;
    if (!this.#hasWork()) {
      return 'idle';
    }
    if (pressure.isBlocked && pressure.recheck()) {
      return 'back-pressured';
    }
    return this.#waitsForCalls() ? 'back-pressured' : 'runnable';
  }

  /** Takes a bounded amount of input. What it throws is a failure of the subtask. */
  run(turn: Turn): void {
    const { suspensions, async } = this.#chain;
    if (!suspensions.resume()) {
      return;
    }
    async?.emitDone();
    if (this.#phase === 'running' && canGoOn(this.#chain) && this.#input.hasInput) {
      this.#input.take(turn);
    }
    if (this.#phase === 'running' && this.#input.hasEnded) {
      this.#phase = enter(this.#phase, 'finishing');
    }
    if (this.#phase === 'finishing' && this.#finish.goOn()) {
      this.#commit();
    }
  }

  open(): void {
    this.#report('initializing');
    this.#wait(
      openChain(this.#chain, this.#options.contexts, this.#abort.signal),
      () => {
        this.#phase = enter(this.#phase, 'ready');
        this.#report('ready');
      },
      'opening',
    );
  }

  /** Every subtask of the attempt is ready: records flow. */
  start(): void {
    if (this.#phase !== 'ready') {
      return;
    }
    this.#phase = enter(this.#phase, 'running');
    this.#report('running');
    const early = this.#early;
    this.#early = [];
    for (const assignment of early) {
      this.#give(assignment);
    }
    this.wakeSource();
  }

  /** A repeat is ignored. */
  assignSplits(assignment: SplitAssignment): void {
    if (assignment.assignment <= this.#assigned || this.hasEnded) {
      return;
    }
    this.#assigned = assignment.assignment;
    if (this.#phase === 'running') {
      this.#give(assignment);
    } else {
      this.#early.push(assignment);
    }
  }

  wakeSource(): void {
    if (this.#input instanceof SourceInput) {
      this.#input.onWake();
    }
  }

  fail(failure: Failure): void {
    if (!this.hasEnded) {
      this.#phase = enter(this.#phase, 'failed');
      this.#report('failed', { failure });
      this.#close();
    }
  }

  cancel(): void {
    if (!this.hasEnded) {
      this.#phase = enter(this.#phase, 'cancelled');
      this.#report('cancelled');
      this.#close();
    }
  }

  #canEmit(): boolean {
    return !this.#chain.suspensions.isEmpty || this.#chain.async?.hasDone === true;
  }

  #hasWork(): boolean {
    return this.#phase === 'finishing' || this.#input.hasInput || this.#input.hasEnded || this.#canEmit();
  }

  /** The async operator is full, or the end waits for its last results. */
  #waitsForCalls(): boolean {
    const { async } = this.#chain;
    if (async === undefined || this.#canEmit()) {
      return false;
    }
    return this.#phase === 'finishing' || this.#input.hasEnded ? !async.isEmpty : async.isFull;
  }

  #inputOf({ chain, gate, key }: SubtaskOptions): TaskInput {
    if (chain.source !== undefined) {
      return new SourceInput(chain.source, chain);
    }
    return new GateInput(required(gate, `the gate of ${key.vertex}`), chain, (channel, element) => {
      this.#onControl(channel, element);
    });
  }

  /**
   * Watermarks and barriers are made by no source yet. Should one arrive, it goes on to every consumer as it comes: there is no
   * minimum over the channels, and no alignment.
   */
  #onControl(channel: number, element: ControlElement): void {
    if (element.kind === 'end-of-records' || element.kind === 'end-of-input') {
      return;
    }
    for (const edge of this.#chain.edges) {
      edge.writeControl(element);
      this.#chain.pressure.check(edge);
    }
    if (element.kind === 'barrier') {
      this.#options.gate?.resume(channel);
    }
  }

  /** A reader that cannot read what it is given fails its subtask. */
  #give({ splits, noMore }: SplitAssignment): void {
    const { source } = this.#chain;
    if (source === undefined) {
      return;
    }
    try {
      if (splits.length > 0) {
        source.reader.addSplits(splits);
      }
      if (noMore) {
        source.reader.noMoreSplits();
      }
    } catch (error) {
      this.fail(placed(error, source.scope).failure);
    }
    this.wakeSource();
  }

  /** Consumers learn the end at once; the sinks' last flush is waited for outside the loop. */
  #commit(): void {
    this.#phase = enter(this.#phase, 'committing');
    for (const edge of this.#chain.edges) {
      edge.writeControl({ kind: 'end-of-input' });
    }
    this.#wait(
      Promise.all(this.#chain.sinks.map(async (sink) => await committablesOf(sink, this.#abort.signal))),
      (all) => {
        this.#phase = enter(this.#phase, 'finished');
        this.#report('finished', { committables: all.filter(({ committables }) => committables.length > 0) });
        this.#close();
      },
      'the last flush',
    );
  }

  /** Lets `work` run beside the loop; its end is a mail that counts only in the phase in which it began. */
  #wait<T>(work: Promise<T>, then: (result: T) => void, what: string): void {
    const phase = this.#phase;
    const inLoop = (mail: () => void): void => {
      this.#options.host.post(() => {
        if (this.#phase === phase) {
          mail();
        }
      });
    };
    this.#beside = work.then(
      (result) => {
        inLoop(() => {
          then(result);
        });
      },
      (error: unknown) => {
        inLoop(() => {
          this.fail(classifyUnknown(error, `${nameOf(this.#chain.head.scope)}: ${what}`));
        });
      },
    );
  }

  #report(state: TaskState, more: { failure?: Failure; committables?: readonly SinkCommittables[] } = {}): void {
    const { failure, committables = [] } = more;
    this.#options.host.report({
      ...this.key,
      state,
      committables,
      ...(failure === undefined ? {} : { failure }),
    });
  }

  #close(): void {
    this.#abort.abort();
    this.#beside
      .then(async () => {
        await closeChain(this.#chain, this.#options.contexts.logger);
      })
      .then(
        () => {
          this.#closed.resolve(undefined);
        },
        (error: unknown) => {
          this.#closed.reject(error instanceof Error ? error : new Error('closing a subtask failed'));
        },
      );
  }
}

async function committablesOf(sink: SinkOperator, signal: AbortSignal): Promise<SinkCommittables> {
  return { sink: parseOperatorUid(sink.scope.uid), committables: await sink.prepareCommit(signal) };
}
