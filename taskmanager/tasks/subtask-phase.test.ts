import { describe, expect, test } from 'vitest';
import { enter, hasEnded } from './subtask-phase.ts';
import type { SubtaskPhase } from './subtask-phase.ts';

const order: readonly SubtaskPhase[] = ['initializing', 'ready', 'running', 'finishing', 'committing', 'finished'];

describe('the phases of a subtask', () => {
  test('follow each other, and none is left out but by a stop', () => {
    for (const [i, from] of order.entries()) {
      for (const [j, to] of order.entries()) {
        const go = (): SubtaskPhase => enter(from, to);
        if (j === i + 1 || (from === 'running' && to === 'finished')) {
          expect(go()).toBe(to);
        } else {
          expect(go).toThrow('cannot go');
        }
      }
    }
  });

  test('may end by a failure or a cancel until they have ended, and never twice', () => {
    for (const end of ['failed', 'cancelled'] as const) {
      for (const from of order.slice(0, -1)) {
        expect(enter(from, end)).toBe(end);
      }
      for (const from of ['finished', 'failed', 'cancelled'] as const) {
        expect(hasEnded(from)).toBe(true);
        expect(() => enter(from, end)).toThrow('cannot go');
      }
    }
  });
});
