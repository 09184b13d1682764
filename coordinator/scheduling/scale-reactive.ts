import type { Instant } from '../membership/members.ts';
import type { ParallelismBounds } from './choose-parallelism.ts';

/**
 * When a reactive job changes its parallelism: it has as much as the slots give it. After Flink's reactive mode (AdaptiveScheduler,
 * DefaultStateTransitionManager), but for clusters of several jobs.
 *
 * S1  It takes only slots that are free, and of those none that is promised to the growth of another job. What another job runs on is
 *     never taken.
 * S2  A job that runs grows only when more slots than it has a use for have been there for the stabilisation time without a break
 *     (at once when they are all that it could ever use), not within the cooldown since it began to run or tried last, and while no
 *     other job waits for slots.
 * S3  It shrinks only when it must, which is when its attempt is over or must leave a task manager and there are too few slots; then
 *     at once.
 * S4  It never runs below its least parallelism, nor above its most: with too few slots for the least it waits.
 * S5  A job that starts leaves to others that wait what they need, but for its own least: that much is due to it in the order of
 *     submission, like all slots to jobs that are not reactive.
 * S6  Under a new leader a job that has run before shrinks only when task managers have had the time to register.
 */
export interface ReactiveShape extends ParallelismBounds {
  readonly slotsAtLeast: number;
  readonly slotsAtMost: number;
  /** From how many slots on its parallelism could be greater than it is; undefined: it is the most. */
  readonly growsAtSlots?: number | undefined;
}

export interface ScalingSettings {
  readonly cooldownMs: number;
  readonly stabilizationMs: number;
  /** Failed checkpoints over which a growth waits for one that completes; then it is given up. */
  readonly failedCheckpointsMax: number;
}

/** What a job that runs goes by. */
export interface Growing {
  /** Begins the cooldown: when it began to run, or last tried to grow. */
  readonly cooldownFrom: Instant;
  /** Since when there have been more slots than it has a use for; undefined: there are not. */
  readonly moreSince: Instant | undefined;
}

export interface GrowthDecision {
  readonly moreSince: Instant | undefined;
  /** It is time to grow, to what so many slots give; undefined: it is not. */
  readonly slots: number | undefined;
}

/** `available`: its own slots and those that it may take (S1). */
export function decideGrowth(
  { growsAtSlots, slotsAtMost }: ReactiveShape,
  { available, doOthersWait }: { readonly available: number; readonly doOthersWait: boolean },
  { cooldownFrom, moreSince }: Growing,
  { now, settings }: { readonly now: Instant; readonly settings: ScalingSettings },
): GrowthDecision {
  if (growsAtSlots === undefined || available < growsAtSlots || doOthersWait) {
    return { moreSince: undefined, slots: undefined };
  }
  const since = moreSince ?? now;
  const isStable = available >= slotsAtMost || now - since >= settings.stabilizationMs;
  const isCool = now - cooldownFrom >= settings.cooldownMs;
  return { moreSince: since, slots: isStable && isCool ? available : undefined };
}

export type StartDecision =
  /** As it is. */
  | { readonly kind: 'start' }
  /** As it would be drawn for so many slots. */
  | { readonly kind: 'shape'; readonly slots: number }
  | { readonly kind: 'wait' }
  | { readonly kind: 'settle' };

/** `claimed`: slots that other jobs wait for. `maySettle`: more may be there in a moment (S6). */
export function decideStart(
  slotsNeeded: number,
  { slotsAtLeast, growsAtSlots }: ReactiveShape,
  { free, claimed, maySettle }: { readonly free: number; readonly claimed: number; readonly maySettle: boolean },
): StartDecision {
  if (free < slotsAtLeast) {
    return { kind: 'wait' };
  }
  const slots = Math.max(slotsAtLeast, free - claimed);
  if (maySettle && slotsNeeded > slots) {
    return { kind: 'settle' };
  }
  const couldBeGreater = growsAtSlots !== undefined && growsAtSlots <= slots;
  return slotsNeeded <= slots && !couldBeGreater ? { kind: 'start' } : { kind: 'shape', slots };
}
