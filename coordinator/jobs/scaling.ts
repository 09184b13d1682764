import type { Instant } from '../membership/members.ts';
import type { Growing } from '../scheduling/scale-reactive.ts';

/** A reactive job is being drawn for so many slots, beside the loop. */
export interface AskedShape {
  readonly slots: number;
  /** Until then it is not asked again for the same. */
  readonly askAgainAt: Instant;
  /** It could not be drawn: it may start as it is. */
  readonly hasFailed: boolean;
}

export interface Scaling extends Growing {
  readonly asked: AskedShape | undefined;
}

/** Drawing takes milliseconds, unless the module must be fetched first; one that cannot be is tried again after so long. */
const ASK_AGAIN_MS = 5_000;

export function beginScaling(now: Instant): Scaling {
  return { cooldownFrom: now, moreSince: undefined, asked: undefined };
}

export function askShape(slots: number, now: Instant): AskedShape {
  return { slots, askAgainAt: now + ASK_AGAIN_MS, hasFailed: false };
}

export function mayAsk(asked: AskedShape | undefined, slots: number, now: Instant): boolean {
  return asked?.slots !== slots || now >= asked.askAgainAt;
}
