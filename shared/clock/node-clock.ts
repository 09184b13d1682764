import { setTimeout as delay } from 'node:timers/promises';
import { isAbort } from '../failure/failure.ts';
import type { Clock } from './clock.ts';

/** The machine's clocks. */
export const nodeClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, { signal });
    } catch (error) {
      if (!isAbort(error)) {
        throw error;
      }
    }
  },
};
