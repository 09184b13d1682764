import type { StateContext } from '../operators/state-context.ts';

/**
 * True when the operator had finished in this subtask when the checkpoint was made with which the attempt begins. At another
 * parallelism none of the subtasks is one of then: it had finished only as a whole.
 */
export function hadFinished({
  restored,
  subtask,
  parallelism,
}: Pick<StateContext, 'restored' | 'subtask' | 'parallelism'>): boolean {
  const subtasks = restored?.operator?.subtasks ?? [];
  return subtasks.length === parallelism
    ? subtasks[subtask]?.isFinished === true
    : subtasks.length > 0 && subtasks.every(({ isFinished }) => isFinished);
}
