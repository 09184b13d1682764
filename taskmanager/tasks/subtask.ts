import type { SplitAssignment, SubtaskKey, TaskState } from '../../shared/control/messages.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { isTime } from '../../shared/stream-element.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import type { InputGate } from '../input/input-gate.ts';
import type { Chain } from '../operators/chain.ts';
import { nameOf, placed } from '../operators/operator-scope.ts';
import { BarrierIntake } from './barrier-intake.ts';
import type { AlignerWord } from './barrier-intake.ts';
import type { SubtaskCheckpointWord, SubtaskStage, SubtaskTrigger } from './checkpoint-host.ts';
import { closeChain } from './close-chain.ts';
import { ChainFinish } from './finish-chain.ts';
import { hadFinished } from './had-finished.ts';
import { openChain } from './open-chain.ts';
import type { OpenContexts } from './open-chain.ts';
import { SubtaskCheckpoints } from './subtask-checkpoints.ts';
import { KeyedInput } from './keyed-input.ts';
import { enter, hasEnded, isActive } from './subtask-phase.ts';
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
  /** About checkpoints. */
  say(word: SubtaskCheckpointWord): void;
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
}

export interface SubtaskReport extends SubtaskKey {
  readonly state: TaskState;
  readonly failure?: Failure;
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
 * I1  Everything here runs inside the slot's loop and never waits. What waits (open, a snapshot's writes, close) runs beside it
 *     and comes back as a mail, which does nothing when the subtask has ended.
 * I2  Each change of state that the coordinator knows is reported once.
 * I3  After an end phase was entered, no record is processed and nothing is written to an edge.
 * I4  `closed` ends when nothing of the subtask runs any more.
 * I5  `finished` is reported when a checkpoint that holds the subtask's last state has completed (FLIP-147): until then
 *     barriers pass through it, also after its last record.
 */
export class Subtask {
  readonly key: SubtaskKey;
  readonly metrics: SubtaskMetrics;
  readonly #options: SubtaskOptions;
  readonly #chain: Chain;
  readonly #input: TaskInput;
  readonly #finish: ChainFinish;
  readonly #checkpoints: SubtaskCheckpoints;
  readonly #barriers: BarrierIntake;
  readonly #abort = new AbortController();
  readonly #closed = Promise.withResolvers<undefined>();
  /** What runs beside the loop: it is joined before anything is closed. */
  readonly #beside = new Set<Promise<unknown>>();
  #phase: SubtaskPhase = 'initializing';
  #assigned = 0;
  /** Given before the start: the readers get them then. */
  #early: SplitAssignment[] = [];
  constructor(options: SubtaskOptions) {
    this.#options = options;
    this.key = options.key;
    this.metrics = options.metrics;
    this.#chain = options.chain;
    this.#finish = new ChainFinish(options.chain, ({ scope }) => hadFinished(options.contexts.stateContext(scope.uid)));
    this.#input = this.#inputOf(options);
    this.#checkpoints = this.#checkpointsOf(options);
    this.#barriers = new BarrierIntake({
      chain: options.chain,
      checkpoints: this.#checkpoints,
      phase: () => this.#phase,
      hasInputEnded: () => this.#input.hasEnded,
      endInput: () => {
        this.#phase = enter(this.#phase, 'finishing');
      },
    });
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

  /** What a checkpoint waits for here; undefined: none is under way. */
  get stage(): SubtaskStage | undefined {
    const { waiting } = this.#barriers;
    return waiting === undefined
      ? this.#checkpoints.stage
      : { checkpoint: waiting.checkpoint, stage: { kind: 'waiting-for-operator' } };
  }

  /** Whether the loop may run it. */
  get condition(): TaskCondition {
    if (!isActive(this.#phase)) {
      return 'idle';
    }
    if (!this.#hasWork()) {
      return this.#input.isWaiting ? 'waiting' : 'idle';
    }
    if (this.#checkpoints.isHolding) {
      return 'back-pressured';
    }
    const { pressure } = this.#chain;
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
    this.#barriers.takeTriggers();
    if (this.#mayTake() && canGoOn(this.#chain)) {
      this.#input.take(turn);
    }
    if (this.#phase === 'running' && this.#input.hasEnded) {
      this.#onInputEnd();
    }
    if (this.#phase === 'finishing' && this.#finish.goOn()) {
      this.#endRecords();
    }
    this.#finishIfComplete();
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
    this.#guarded(() => {
      this.#barriers.takeTriggers();
    });
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

  /** A barrier starts here, or nothing is left that could bring one. */
  trigger(trigger: SubtaskTrigger): void {
    this.#guarded(() => {
      this.#barriers.trigger(trigger);
    });
  }

  /** Everything up to it is committed, and covered by its marker. Cumulative, repeatable. */
  complete(checkpoint: CheckpointId): void {
    this.#guarded(() => {
      this.#checkpoints.complete(checkpoint);
      this.#finishIfComplete();
      this.#askForLast();
    });
  }

  align(word: AlignerWord): void {
    this.#guarded(() => {
      const consequence = this.#barriers.align(word);
      if (consequence.kind === 'fail') {
        this.fail(consequence.failure);
      } else if (consequence.kind === 'go-on') {
        this.wakeSource();
      }
      this.#askForLast();
    });
  }

  fail(failure: Failure): void {
    if (!this.hasEnded) {
      this.#phase = enter(this.#phase, 'failed');
      this.#report('failed', failure);
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
    return (
      this.#phase === 'finishing' ||
      this.#mayTake() ||
      (this.#phase === 'running' && this.#input.hasEnded) ||
      this.#canEmit() ||
      this.#barriers.waiting !== undefined ||
      this.#barriers.isComplete
    );
  }

  /** Behind the last record only a gate has something more: barriers. */
  #mayTake(): boolean {
    if (!this.#input.hasInput || this.#barriers.isStopping) {
      return false;
    }
    return this.#phase === 'running' || (this.#phase === 'committing' && this.#chain.source === undefined);
  }

  /** The async operator is full, or the end waits for its last results. */
  #waitsForCalls(): boolean {
    const { async } = this.#chain;
    if (async === undefined || this.#canEmit()) {
      return false;
    }
    return this.#phase === 'finishing' || (this.#phase === 'running' && this.#input.hasEnded)
      ? !async.isEmpty
      : async.isFull;
  }

  #inputOf({ chain, gate, key }: SubtaskOptions): TaskInput {
    const onControl = (channel: number, element: ControlElement): void => {
      this.#onControl(channel, element);
    };
    if (chain.source !== undefined) {
      return new SourceInput(chain.source, chain, onControl);
    }
    const from = required(gate, `the gate of ${key.vertex}`);
    return chain.keyed === undefined
      ? new GateInput(from, chain, onControl)
      : new KeyedInput(from, chain, chain.keyed, onControl);
  }

  #checkpointsOf({ key, chain, gate, host, metrics, contexts }: SubtaskOptions): SubtaskCheckpoints {
    return new SubtaskCheckpoints({
      key,
      chain,
      gate,
      logger: () => contexts.logger,
      signal: this.#abort.signal,
      isFinished: () => this.#phase === 'committing',
      onAligned: (alignmentMs, startDelayMs) => {
        metrics.aligned(alignmentMs, startDelayMs);
      },
      host: {
        post: (mail) => {
          host.post(() => {
            this.#guarded(mail);
          });
        },
        joins: (work) => {
          this.#joins(work);
        },
        say: (word) => {
          host.say(word);
        },
        fail: (failure) => {
          this.fail(failure);
        },
        monotonicMs: host.monotonicMs,
        nowMs: host.nowMs,
      },
    });
  }

  #onControl(channel: number, element: ControlElement): void {
    if (!isTime(element)) {
      this.#barriers.onControl(channel, element);
      return;
    }
    for (const edge of this.#chain.edges) {
      edge.writeControl(element);
      this.#chain.pressure.check(edge);
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

  #onInputEnd(): void {
    if (this.#barriers.isStopped) {
      this.#end();
    } else {
      this.#phase = enter(this.#phase, 'finishing');
    }
  }

  /** Consumers learn that no record follows; what waited for this is done. */
  #endRecords(): void {
    this.#phase = enter(this.#phase, 'committing');
    for (const edge of this.#chain.edges) {
      edge.writeControl({ kind: 'end-of-records' });
    }
    this.#barriers.takeDeferred();
    this.#askForLast();
  }

  /**
   * The last subtasks of the job ask for the checkpoint that they wait for: whoever is before them is ready by then, and one
   * does for all. While one is under way they do not, and ask again when it has not been the one.
   */
  #askForLast(): void {
    const isWaiting = this.#phase === 'committing' && this.#chain.edges.length === 0;
    if (isWaiting && !this.#checkpoints.holdsLastState && !this.#checkpoints.isBusy) {
      this.#options.host.say({ kind: 'wanted' });
    }
  }

  /** I5 */
  #finishIfComplete(): void {
    if (this.#barriers.isComplete) {
      this.#end();
    }
  }

  #end(): void {
    this.#phase = enter(this.#phase, 'finished');
    for (const edge of this.#chain.edges) {
      edge.writeControl({ kind: 'end-of-input' });
    }
    this.#report('finished');
    this.#close();
  }

  /** For what comes as a mail: what it throws is a failure of the subtask. */
  #guarded(work: () => void): void {
    if (this.hasEnded) {
      return;
    }
    try {
      work();
    } catch (error) {
      this.fail(classifyUnknown(error, nameOf(this.#chain.head.scope)));
    }
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
    this.#joins(
      work.then(
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
      ),
    );
  }

  #joins(work: Promise<unknown>): void {
    const over = (): void => {
      this.#beside.delete(joined);
    };
    const joined: Promise<void> = work.then(over, over);
    this.#beside.add(joined);
  }

  #report(state: TaskState, failure?: Failure): void {
    this.#options.host.report({ ...this.key, state, ...(failure === undefined ? {} : { failure }) });
  }

  #close(): void {
    this.#abort.abort();
    Promise.all(this.#beside)
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
