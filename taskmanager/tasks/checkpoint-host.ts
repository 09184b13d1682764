import type { SubtaskSnapshot } from '../../shared/control/acknowledgement.ts';
import type { SnapshotStage } from '../../shared/control/checkpoint-messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';

/** What a subtask says of a checkpoint. */
export type SubtaskCheckpointWord =
  | { readonly kind: 'snapshot'; readonly checkpoint: CheckpointId; readonly snapshot: SubtaskSnapshot }
  | {
      readonly kind: 'declined';
      readonly checkpoint: CheckpointId;
      readonly cause: 'failed' | 'cancelled';
      readonly detail: string;
    }
  /** Nothing is gained by waiting for the interval. */
  | { readonly kind: 'wanted' };

export interface CheckpointHost {
  /** Runs `mail` inside the loop, unless the subtask has ended by then. */
  post(mail: () => void): void;
  /** What runs beside the loop until then: it is joined before anything is closed. */
  joins(work: Promise<unknown>): void;
  say(word: SubtaskCheckpointWord): void;
  fail(failure: Failure): void;
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
}

/** What a checkpoint waits for at a subtask. */
export interface SubtaskStage {
  readonly checkpoint: CheckpointId;
  readonly stage: SnapshotStage;
}

/** A trigger as the coordinator gives it to a subtask. */
export interface SubtaskTrigger {
  readonly checkpoint: CheckpointId;
  readonly triggeredAtMs: number;
  readonly final: 'stop' | 'drain' | undefined;
}
