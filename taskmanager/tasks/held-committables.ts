import type { Committable, PreparedOutput } from '../../shared/connector/sink.ts';
import type { AgedCommittable } from '../../shared/control/acknowledgement.ts';
import type { CheckpointId, OperatorUid } from '../../shared/ids.ts';

interface Held {
  readonly sink: OperatorUid;
  readonly preparedFor: CheckpointId;
  readonly output: PreparedOutput;
}

/**
 * What the sinks of one subtask have prepared and no marker of which it has heard covers.
 *
 * H1  What was prepared stays until `completed` covers it: an aborted checkpoint drops nothing (acknowledgement.ts I2).
 * H2  Bounded: a writer has so many transactions as its pool has, and output prepared for long stops the attempt (DESIGN §8.5).
 */
export class HeldCommittables {
  #held: readonly Held[] = [];

  add(sink: OperatorUid, preparedFor: CheckpointId, outputs: readonly PreparedOutput[]): void {
    this.#held = [...this.#held, ...outputs.map((output) => ({ sink, preparedFor, output }))];
  }

  /** Everything prepared for a checkpoint up to this one is committed, and its marker is durable. */
  completed(checkpoint: CheckpointId): void {
    this.#held = this.#held.filter(({ preparedFor }) => preparedFor > checkpoint);
  }

  /** What the acknowledgement of `checkpoint` says of one sink. `now`: monotonic, by the clock that `beganAtMs` was read from. */
  upTo(checkpoint: CheckpointId, sink: OperatorUid, now: number): readonly AgedCommittable[] {
    return this.#held
      .filter((held) => held.sink === sink && held.preparedFor <= checkpoint)
      .map(({ preparedFor, output: { committable, beganAtMs, timeoutMs } }) => ({
        committable,
        preparedFor,
        ageMs: Math.max(0, now - beganAtMs),
        timeoutMs,
      }));
  }

  get all(): readonly Committable[] {
    return this.#held.map(({ output }) => output.committable);
  }
}
