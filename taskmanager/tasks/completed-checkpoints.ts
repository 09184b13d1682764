import type { SplitSnapshot } from '../../shared/connector/source.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { Chain } from '../operators/chain.ts';
import type { Operator } from '../operators/operator.ts';
import { placed } from '../operators/operator-scope.ts';
import { HeldCommittables } from './held-committables.ts';
import type { FrozenSubtask } from './subtask-snapshot.ts';

/**
 * What one subtask keeps of its snapshots until a checkpoint completes, and what it then tells its operators.
 *
 * D1  Each operator, writer and reader hears ascending ids, each at most once.
 */
export class CompletedCheckpoints {
  readonly held = new HeldCommittables();
  readonly #chain: Chain;
  /** Where the source stood in snapshots that may still complete. */
  readonly #splits = new Map<CheckpointId, readonly SplitSnapshot[]>();
  #highest: CheckpointId | 0n = 0n;
  /** The first snapshot with everything in it: any later one has it too. */
  #finishedIn: CheckpointId | undefined;

  constructor(chain: Chain) {
    this.#chain = chain;
  }

  get highest(): CheckpointId | 0n {
    return this.#highest;
  }

  get isLastStateComplete(): boolean {
    return this.#finishedIn !== undefined && this.#finishedIn <= this.#highest;
  }

  froze({ checkpoint, splits, isFinished }: FrozenSubtask): void {
    if (isFinished) {
      this.#finishedIn ??= checkpoint;
    }
    if (this.#chain.source?.reader.checkpointCompleted !== undefined) {
      this.#splits.set(checkpoint, splits);
    }
  }

  /** @throws StreamError that names the operator */
  complete(checkpoint: CheckpointId): void {
    this.#highest = checkpoint;
    this.held.completed(checkpoint);
    for (const operator of this.#chain.operators) {
      tell(operator, () => operator.checkpointCompleted?.(checkpoint));
    }
    for (const sink of this.#chain.sinks) {
      tell(sink, () => {
        sink.writer.committed(checkpoint);
      });
    }
    this.#tellReader(checkpoint);
  }

  #tellReader(checkpoint: CheckpointId): void {
    const { source } = this.#chain;
    const splits = this.#splits.get(checkpoint);
    if (source !== undefined && splits !== undefined) {
      tell(source, () => source.reader.checkpointCompleted?.(splits));
    }
    for (const older of [...this.#splits.keys()].filter((id) => id <= checkpoint)) {
      this.#splits.delete(older);
    }
  }
}

function tell({ scope }: Operator, word: () => void): void {
  try {
    word();
  } catch (error) {
    throw placed(error, scope);
  }
}
