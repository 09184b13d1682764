import type { SlotPlace } from '../../shared/control/messages.ts';
import type { SlotIndex, TaskManagerId } from '../../shared/ids.ts';
import type { Suspects } from './suspects.ts';

/** The free slots of one task manager. */
export interface FreeSlots {
  readonly taskManager: TaskManagerId;
  readonly dataAddress: string;
  /** All its slots, free or not: the share that is taken is its load. */
  readonly slots: number;
  readonly free: readonly SlotIndex[];
}

export type SlotDecision =
  | { readonly kind: 'assigned'; readonly places: readonly SlotPlace[] }
  /** `reason`: a sentence for users. */
  | { readonly kind: 'missing'; readonly reason: string };

interface Candidate extends FreeSlots {
  readonly left: Set<SlotIndex>;
  /** Slots of this job that it has got already. */
  given: number;
}

/** What a job knows of its last attempts. */
export interface EarlierAttempts {
  /** Where the last one ran. */
  readonly previousPlaces: readonly SlotPlace[];
  readonly suspects: Suspects;
}

/**
 * Gives a job all the slots it needs, or none. A slot number keeps the place it had in the job's last attempt where that is
 * free (its state and caches are there); the others go round the task managers, so that each gets as many as the others,
 * the least loaded first. Task managers that are more suspect than others are used only when the slots of those do not suffice.
 * Linear in the number of slots.
 */
export function assignSlots(
  needed: number,
  free: readonly FreeSlots[],
  { previousPlaces, suspects }: EarlierAttempts,
): SlotDecision {
  const total = free.reduce((sum, slots) => sum + slots.free.length, 0);
  if (total < needed) {
    const where = `${total} free on ${free.length} task manager${free.length === 1 ? '' : 's'}`;
    return { kind: 'missing', reason: `needs ${needed} slot${needed === 1 ? '' : 's'}, ${where}` };
  }
  const candidates = free.map((slots): Candidate => ({ ...slots, left: new Set(slots.free), given: 0 }));
  const places = new Map<number, SlotPlace>();
  for (const equallySuspect of bySuspicion(candidates, suspects)) {
    keepPlaces(needed, equallySuspect, previousPlaces, places);
    spread(needed, equallySuspect, places);
  }
  return { kind: 'assigned', places: [...places.values()].sort((a, b) => a.slot - b.slot) };
}

/** The least suspect first; all together where nobody is suspected. */
function bySuspicion(candidates: readonly Candidate[], suspects: Suspects): readonly (readonly Candidate[])[] {
  const degreeOf = ({ taskManager }: Candidate): number => suspects.get(taskManager) ?? 0;
  const degrees = [...new Set(candidates.map(degreeOf))].sort((a, b) => a - b);
  return degrees.map((degree) => candidates.filter((candidate) => degreeOf(candidate) === degree));
}

function keepPlaces(
  needed: number,
  candidates: readonly Candidate[],
  previous: readonly SlotPlace[],
  places: Map<number, SlotPlace>,
): void {
  const byId = new Map(candidates.map((candidate) => [candidate.taskManager, candidate]));
  for (const { slot, taskManager, slotIndex } of previous) {
    const candidate = byId.get(taskManager);
    if (slot < needed && !places.has(slot) && candidate?.left.has(slotIndex) === true) {
      take(candidate, slotIndex, slot, places);
    }
  }
}

function spread(needed: number, candidates: readonly Candidate[], places: Map<number, SlotPlace>): void {
  const byLoad = [...candidates].sort((a, b) => loadOf(a) - loadOf(b) || (a.taskManager < b.taskManager ? -1 : 1));
  let slot = nextOpen(0, places);
  let left = candidates.reduce((sum, candidate) => sum + candidate.left.size, 0);
  for (let level = 0; slot < needed && left > 0; level += 1) {
    for (const candidate of byLoad) {
      const [index] = candidate.left;
      if (slot < needed && candidate.given <= level && index !== undefined) {
        take(candidate, index, slot, places);
        left -= 1;
        slot = nextOpen(slot, places);
      }
    }
  }
}

function take(candidate: Candidate, index: SlotIndex, slot: number, places: Map<number, SlotPlace>): void {
  candidate.left.delete(index);
  candidate.given += 1;
  const { taskManager, dataAddress } = candidate;
  places.set(slot, { slot, taskManager, slotIndex: index, dataAddress });
}

function nextOpen(from: number, places: ReadonlyMap<number, SlotPlace>): number {
  let slot = from;
  while (places.has(slot)) {
    slot += 1;
  }
  return slot;
}

function loadOf(slots: FreeSlots): number {
  return (slots.slots - slots.free.length) / slots.slots;
}
