import type { ControlElement } from '../../shared/stream-element.ts';
import type { AlignerEvent } from '../input/barrier-aligner.ts';
import type { Chain } from '../operators/chain.ts';
import type { SubtaskTrigger } from './checkpoint-host.ts';
import { FinalTrigger } from './final-trigger.ts';
import type { FinalConsequence } from './final-trigger.ts';
import type { SubtaskCheckpoints } from './subtask-checkpoints.ts';
import type { SubtaskPhase } from './subtask-phase.ts';

export interface IntakeOptions {
  readonly chain: Chain;
  readonly checkpoints: SubtaskCheckpoints;
  readonly phase: () => SubtaskPhase;
  /** No record will come any more. */
  readonly hasInputEnded: () => boolean;
  /** The source's input ends here, as if it had been read. */
  readonly endInput: () => void;
}

/** What is not about records or time. */
export type BarrierElement = Exclude<ControlElement, { kind: 'watermark' | 'watermark-status' }>;

/** What the coordinator, or its loss, says of alignments. */
export type AlignerWord = Exclude<AlignerEvent, { kind: 'barrier' | 'cancel-marker' | 'end-of-input' | 'trigger' }>;

/**
 * When barriers and triggers are taken.
 *
 * T1  Between two records: a trigger waits while an operator is in the middle of one. (A barrier has its place.)
 * T2  Behind the last record, when everything that the end led to was emitted: what comes earlier waits.
 * T3  A final trigger ends a source's input: `drain` before its barrier, `stop` behind it (final-trigger.ts).
 */
export class BarrierIntake {
  readonly #options: IntakeOptions;
  readonly #final = new FinalTrigger();
  readonly #triggers: SubtaskTrigger[] = [];
  /** T2 */
  #deferred: AlignerEvent[] = [];
  readonly #withoutRecords = new Set<number>();
  #isStopped = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** A channel ended although its records had not: the job was stopped, and operators must not be told an end. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** A source that reads nothing more, until its final checkpoint completes or is aborted. */
  get isStopping(): boolean {
    return this.#final.isStopping;
  }

  get waiting(): SubtaskTrigger | undefined {
    return this.#triggers[0];
  }

  /** Nothing is left to do: a checkpoint that holds the last state has completed. */
  get isComplete(): boolean {
    const { phase, checkpoints } = this.#options;
    return phase() === 'committing'
      ? checkpoints.isLastStateComplete
      : phase() === 'running' && this.#final.isComplete(checkpoints.completed);
  }

  onControl(channel: number, element: BarrierElement): void {
    switch (element.kind) {
      case 'end-of-records':
        this.#withoutRecords.add(channel);
        return;
      case 'end-of-input':
        this.#isStopped ||= !this.#withoutRecords.has(channel);
        this.#take({ kind: 'end-of-input', channel });
        return;
      case 'barrier': {
        const { checkpoint, triggeredAtMs } = element;
        this.#take({ kind: 'barrier', channel, checkpoint, triggeredAtMs });
        return;
      }
      case 'cancel-marker':
        this.#take({ kind: 'cancel-marker', checkpoint: element.checkpoint });
    }
  }

  trigger(trigger: SubtaskTrigger): void {
    this.#triggers.push(trigger);
    this.takeTriggers();
  }

  align(word: AlignerWord): FinalConsequence {
    this.#options.checkpoints.on(word);
    return this.#final.onAligner(word);
  }

  /** Everything that the end led to was emitted (T2). */
  takeDeferred(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const event of deferred) {
      this.#options.checkpoints.on(event);
    }
    this.takeTriggers();
  }

  /** T1, T2 */
  takeTriggers(): void {
    const { chain, phase, checkpoints } = this.#options;
    while (this.waiting !== undefined && isBetweenRecords(phase()) && chain.suspensions.isEmpty) {
      const trigger = this.waiting;
      const isLive = phase() === 'running' && chain.source !== undefined && !checkpoints.isObsolete(trigger.checkpoint);
      if (isLive && trigger.final === 'drain') {
        this.#final.drain(trigger.checkpoint);
        this.#options.endInput();
        return;
      }
      this.#triggers.shift();
      if (isLive && trigger.final === 'stop') {
        this.#final.stop(trigger.checkpoint);
      }
      checkpoints.on({ kind: 'trigger', checkpoint: trigger.checkpoint, triggeredAtMs: trigger.triggeredAtMs });
    }
  }

  #take(event: AlignerEvent): void {
    const { phase, hasInputEnded, checkpoints } = this.#options;
    const isEnding = phase() === 'finishing' || (phase() === 'running' && hasInputEnded());
    if (isEnding && !this.#isStopped) {
      this.#deferred.push(event);
    } else {
      checkpoints.on(event);
    }
  }
}

function isBetweenRecords(phase: SubtaskPhase): boolean {
  return phase === 'running' || phase === 'committing';
}
