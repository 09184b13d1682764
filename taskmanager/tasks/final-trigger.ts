import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { AlignerEvent } from '../input/barrier-aligner.ts';

export type FinalConsequence =
  | { readonly kind: 'none' }
  /** The source reads again: the job was not stopped after all. */
  | { readonly kind: 'go-on' }
  | { readonly kind: 'fail'; readonly failure: Failure };

const NONE: FinalConsequence = { kind: 'none' };

/**
 * What a final checkpoint means to a source (Flink: stop-with-savepoint).
 *
 * F1  `stop`: behind the barrier nothing is read. When the checkpoint completes the source ends; when it is aborted it goes on.
 * F2  `drain`: the end of the input was told before the barrier, which cannot be taken back: when the checkpoint is aborted
 *     the attempt fails, and the next one goes on from the checkpoint before.
 */
export class FinalTrigger {
  #wanted: { readonly kind: 'stop' | 'drain'; readonly checkpoint: CheckpointId } | undefined;

  /** F1 */
  get isStopping(): boolean {
    return this.#wanted?.kind === 'stop';
  }

  /** `completed`: the highest that the subtask has heard of. */
  isComplete(completed: CheckpointId | 0n): boolean {
    return this.#wanted?.kind === 'stop' && this.#wanted.checkpoint <= completed;
  }

  stop(checkpoint: CheckpointId): void {
    this.#wanted = { kind: 'stop', checkpoint };
  }

  drain(checkpoint: CheckpointId): void {
    this.#wanted = { kind: 'drain', checkpoint };
  }

  onAligner(event: AlignerEvent): FinalConsequence {
    const wanted = this.#wanted;
    if (wanted === undefined || !isAborted(wanted.checkpoint, event)) {
      return NONE;
    }
    this.#wanted = undefined;
    return wanted.kind === 'stop' ? { kind: 'go-on' } : { kind: 'fail', failure: drainFailed(wanted.checkpoint) };
  }
}

function isAborted(checkpoint: CheckpointId, event: AlignerEvent): boolean {
  return (
    (event.kind === 'abort' && event.checkpoint === checkpoint) ||
    (event.kind === 'abort-all' && checkpoint <= event.upTo)
  );
}

function drainFailed(checkpoint: CheckpointId): Failure {
  return {
    code: 'drain-failed',
    reaction: 'restart-job',
    message: `checkpoint ${checkpoint}, with which the job was to be drained, was aborted after its input had been ended`,
    remedy: 'The job goes on from the checkpoint before; ask for the stop again when the cause is gone.',
  };
}
