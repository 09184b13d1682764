import type { AttemptKey, SlotPlace } from '../../shared/control/messages.ts';
import type { SlotIndex, TaskManagerId } from '../../shared/ids.ts';
import { parseSlotIndex } from '../../shared/ids.ts';
import { invariant, required } from '../../shared/invariant.ts';
import type { Member } from '../membership/members.ts';
import type { FreeSlots } from './assign-slots.ts';

/**
 * Which attempt holds which slot.
 *
 * I1  A slot is held by at most one attempt, from before its Deploy is sent until its task manager reports the attempt's end
 *     or is lost.
 * I2  A task manager that came back still running attempts that do not go on has no free slot until they have ended there: it is
 *     not known which slots they use.
 */
export type SlotLedger = ReadonlyMap<TaskManagerId, MemberSlots>;

interface MemberSlots {
  /** By slot index. */
  readonly holders: readonly (AttemptKey | undefined)[];
  readonly draining: readonly AttemptKey[];
}

export const EMPTY_LEDGER: SlotLedger = new Map();

export function withMemberSlots(
  ledger: SlotLedger,
  member: Member,
  { draining, kept = [] }: { readonly draining: readonly AttemptKey[]; readonly kept?: readonly KeptSlots[] },
): SlotLedger {
  const holders: (AttemptKey | undefined)[] = Array.from({ length: member.slots }, () => undefined);
  for (const { by, slots } of kept) {
    slots.forEach((index) => (holders[index] = by));
  }
  return new Map(ledger).set(member.id, { holders, draining });
}

/** Slots of a member in which an attempt goes on. */
export interface KeptSlots {
  readonly by: AttemptKey;
  readonly slots: readonly SlotIndex[];
}

export function withoutMemberSlots(ledger: SlotLedger, id: TaskManagerId): SlotLedger {
  const next = new Map(ledger);
  next.delete(id);
  return next;
}

export function holdSlots(ledger: SlotLedger, places: readonly SlotPlace[], by: AttemptKey): SlotLedger {
  const changed = new Map<TaskManagerId, (AttemptKey | undefined)[]>();
  const next = new Map(ledger);
  for (const { taskManager, slotIndex } of places) {
    const slots = required(ledger.get(taskManager), `slots of task manager ${taskManager}`);
    const holders = changed.get(taskManager) ?? [...slots.holders];
    invariant(holders[slotIndex] === undefined, `slot ${slotIndex} of ${taskManager} is already held`);
    holders[slotIndex] = by;
    changed.set(taskManager, holders);
    next.set(taskManager, { ...slots, holders });
  }
  return next;
}

/** The attempt has ended on that task manager. The same ledger when it held nothing there. */
export function releaseSlots(ledger: SlotLedger, id: TaskManagerId, by: AttemptKey): SlotLedger {
  const slots = ledger.get(id);
  if (slots === undefined || !holdsAnything(slots, by)) {
    return ledger;
  }
  return new Map(ledger).set(id, {
    holders: slots.holders.map((holder) => (holder !== undefined && isSame(holder, by) ? undefined : holder)),
    draining: slots.draining.filter((key) => !isSame(key, by)),
  });
}

/** Indices of slots that an attempt may be given. */
export function freeSlotsOf(ledger: SlotLedger, members: Iterable<Member>): readonly FreeSlots[] {
  const free: FreeSlots[] = [];
  for (const member of members) {
    const indices = freeIndices(ledger, member);
    if (indices.length > 0) {
      free.push({ taskManager: member.id, dataAddress: member.dataAddress, slots: member.slots, free: indices });
    }
  }
  return free;
}

export function freeIndices(ledger: SlotLedger, member: Member): FreeSlots['free'] {
  const slots = ledger.get(member.id);
  if (slots === undefined || slots.draining.length > 0) {
    return [];
  }
  return slots.holders.flatMap((holder, index) => (holder === undefined ? [parseSlotIndex(index)] : []));
}

function holdsAnything(slots: MemberSlots, by: AttemptKey): boolean {
  return (
    slots.holders.some((holder) => holder !== undefined && isSame(holder, by)) ||
    slots.draining.some((key) => isSame(key, by))
  );
}

function isSame(a: AttemptKey, b: AttemptKey): boolean {
  return a.jobId === b.jobId && a.attempt === b.attempt;
}
