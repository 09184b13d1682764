import type { TaskManagerId } from '../../shared/ids.ts';

/**
 * Task managers of which some pair may not reach each other, though the coordinator reaches all: how often each was part of an
 * attempt that could not connect its task managers, since the job last ran. Which two it was is not asked: who was part of each
 * such attempt counts most, and is used last. That finds a way round one pair, and round one that reaches nobody; of several
 * pairs at once it may take the one and the other in turns.
 */
export type Suspects = ReadonlyMap<TaskManagerId, number>;

export const NO_SUSPECTS: Suspects = new Map();

/** An attempt on these has failed to connect them. */
export function withSuspects(suspects: Suspects, taskManagers: Iterable<TaskManagerId>): Suspects {
  const next = new Map(suspects);
  for (const taskManager of new Set(taskManagers)) {
    next.set(taskManager, (next.get(taskManager) ?? 0) + 1);
  }
  return next;
}
