import type { EpochMs } from '../../shared/clock/clock.ts';
import type { RestoreHandle } from '../../shared/control/messages.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { AbortReason } from '../checkpoints/abort-reason.ts';
import type { CheckpointPointer } from '../checkpoints/checkpoint-events.ts';
import type { Checkpoints } from '../checkpoints/checkpoints.ts';
import { storedOf } from '../checkpoints/open-checkpoints.ts';
import type { StoredCheckpoints } from '../checkpoints/open-checkpoints.ts';
import type { Commits } from '../commits/commit-step.ts';

/** The checkpoints of a job, over all its attempts. */
export interface JobCheckpoints {
  /** The step machine of the present attempt, or of the last one that has settled; undefined before the first. */
  readonly machine: Checkpoints | undefined;
  /** What the first machine begins with. */
  readonly stored: StoredCheckpoints;
  /** The savepoint or checkpoint with which the job began: what is restored until one of its own has completed. */
  readonly origin: RestoreHandle | undefined;
  /** Of a job that has ended: what its records still name. */
  readonly lastPointer: CheckpointPointer | undefined;
  /** Of the checkpoint that is on its way. */
  readonly commits: Commits | undefined;
  readonly stats: CheckpointStats;
}

/** Since this leader leads, for metrics and `nerve status`. */
export interface CheckpointStats {
  readonly completed: number;
  readonly failed: number;
  readonly last: CompletedStats | undefined;
  readonly lastFailure: FailedStats | undefined;
}

export interface CompletedStats {
  readonly checkpoint: CheckpointId;
  readonly atMs: EpochMs;
  readonly tookMs: number;
  /** Of all objects that it needs. */
  readonly fullBytes: number;
  /** Of those that the one before did not need. */
  readonly newBytes: number;
}

export interface FailedStats {
  readonly checkpoint: CheckpointId;
  readonly atMs: EpochMs;
  readonly reason: AbortReason;
  readonly sentence: string;
}

export const NOTHING_STORED: StoredCheckpoints = {
  reservedTo: 0n,
  pointer: undefined,
  marker: undefined,
  revisions: { ids: 0n, pointer: 0n, marker: 0n },
};

export function openingCheckpoints(stored: StoredCheckpoints = NOTHING_STORED, origin?: RestoreHandle): JobCheckpoints {
  const stats = { completed: 0, failed: 0, last: undefined, lastFailure: undefined };
  return { machine: undefined, stored, origin, lastPointer: undefined, commits: undefined, stats };
}

/** What the next machine begins with. */
export function storedCheckpoints({ machine, stored }: JobCheckpoints): StoredCheckpoints {
  return machine === undefined ? stored : storedOf(machine);
}

/** What the next attempt begins with; undefined: empty state. */
export function restoreHandleOf(checkpoints: JobCheckpoints): RestoreHandle | undefined {
  const pointer = storedCheckpoints(checkpoints).pointer?.pointer;
  return pointer === undefined
    ? checkpoints.origin
    : { checkpoint: pointer.checkpoint, metadataKey: pointer.metadataKey };
}

/** The last checkpoint of the job whose pointer is durable, as far as its marker is too. */
export function pointerOf(checkpoints: JobCheckpoints): CheckpointPointer | undefined {
  return storedCheckpoints(checkpoints).pointer?.pointer ?? checkpoints.lastPointer;
}

/** True when nothing of the attempt is in doubt or half done any more, so that it may be condemned. */
export function isSettled({ machine }: JobCheckpoints): boolean {
  switch (machine?.phase) {
    case undefined:
    case 'settled':
    case 'dead':
      return true;
    case 'stopped':
      return machine.ids.reserving === undefined;
    case 'replaying':
    case 'open':
    case 'closing':
      return false;
  }
}
