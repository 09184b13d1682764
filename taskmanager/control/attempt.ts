import type { AttemptKey, Deployment } from '../../shared/control/messages.ts';
import type { SlotIndex, TaskManagerId } from '../../shared/ids.ts';
import type { SlotCommand } from '../slots/slot-messages.ts';
import type { AttemptStanding } from './attempt-standing.ts';

/**
 * An attempt as this task manager has it. It exists from its Deploy until nothing of it runs here any more.
 *
 *   waiting ─▶ preparing ─▶ running ─▶ (gone)
 *      │           └──────────┴─▶ cancelling ─▶ (gone)
 *      └─▶ (gone)
 *
 *   waiting     a slot it needs is still occupied by another attempt
 *   preparing   its module is fetched, its data streams come about
 *   running     its slots' threads live
 *   cancelling  they are told to end, or end by themselves after the last of them failed
 */
export type Attempt = AttemptCore &
  (
    | { readonly kind: 'waiting' }
    | { readonly kind: 'preparing' }
    | { readonly kind: 'running'; readonly threads: ReadonlySet<number> }
    /** `threads` undefined: the preparation has not ended yet. */
    | { readonly kind: 'cancelling'; readonly threads: ReadonlySet<number> | undefined }
  );

interface AttemptCore {
  readonly deployment: Deployment;
  /** Its slots on this task manager. */
  readonly slots: readonly LocalSlot[];
  /** Commands that came before the threads. */
  readonly early: readonly SlotCommand[];
  readonly standing: AttemptStanding;
}

export interface LocalSlot {
  /** Its number within the job. */
  readonly slot: number;
  /** Its place on this task manager. */
  readonly index: SlotIndex;
}

export function localSlots(deployment: Deployment, self: TaskManagerId): readonly LocalSlot[] {
  return deployment.slots
    .filter((place) => place.taskManager === self)
    .map(({ slot, slotIndex }) => ({ slot, index: slotIndex }));
}

export function keyOf({ jobId, attempt }: AttemptKey): AttemptKey {
  return { jobId, attempt };
}
