import type { Instant } from '../membership/members.ts';
import type { KernelState } from './kernel-state.ts';

/**
 * How long to sleep until the next tick: `mostMs`, or until a checkpoint is due. With a fixed tick every checkpoint would be half of
 * one late on average, and so would be all output that becomes visible with it.
 */
export function untilNextTickMs({ jobs }: KernelState, now: Instant, mostMs: number): number {
  let least = mostMs;
  for (const { checkpoints } of jobs.values()) {
    const { machine } = checkpoints;
    if (machine?.phase === 'open' && machine.participants !== undefined) {
      const leftMs = machine.dueAt - now;
      // What is overdue waits for something else than time.
      least = leftMs > 0 ? Math.min(least, Math.ceil(leftMs)) : least;
    }
  }
  return least;
}
