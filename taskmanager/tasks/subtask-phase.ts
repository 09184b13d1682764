import type { TaskState } from '../../shared/control/messages.ts';
import { invariant } from '../../shared/invariant.ts';

/**
 * The life of a subtask, and its only exits.
 *
 *   initializing ─▶ ready ─▶ running ─▶ finishing ─▶ committing ─▶ finished
 *                               └────────────────────────────────────┘ (the job was stopped)
 *        any of these but the last ────▶ failed | cancelled
 *
 *   initializing  its state is restored; its functions, readers and writers open (open-chain.ts)
 *   ready         it waits for the start of the attempt
 *   running       it takes input (take-input.ts)
 *   finishing     its input has ended: what operators still hold is emitted (finish-chain.ts)
 *   committing    its outputs have been told that no record follows; it waits for a checkpoint that holds its last state
 */
export type SubtaskPhase =
  Exclude<TaskState, 'finished' | 'failed' | 'cancelled'> | 'finishing' | 'committing' | EndPhase;
export type EndPhase = 'finished' | 'failed' | 'cancelled';

const EXITS: Readonly<Record<SubtaskPhase, readonly SubtaskPhase[]>> = {
  initializing: ['ready', 'failed', 'cancelled'],
  ready: ['running', 'failed', 'cancelled'],
  running: ['finishing', 'finished', 'failed', 'cancelled'],
  finishing: ['committing', 'failed', 'cancelled'],
  committing: ['finished', 'failed', 'cancelled'],
  finished: [],
  failed: [],
  cancelled: [],
};

/** `to`, or an InvariantViolation where the life knows no such exit. */
export function enter<P extends SubtaskPhase>(from: SubtaskPhase, to: P): P {
  invariant(EXITS[from].includes(to), `a subtask cannot go from ${from} to ${to}`);
  return to;
}

/** Its loop has something to do: records, barriers, or what is left at the end. */
export function isActive(phase: SubtaskPhase): boolean {
  return phase === 'running' || phase === 'finishing' || phase === 'committing';
}

export function hasEnded(phase: SubtaskPhase): phase is EndPhase {
  return EXITS[phase].length === 0;
}
