import type { SubtaskKey } from '../../shared/control/messages.ts';
import { failpoint } from '../../shared/failpoints/failpoint.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { parseCheckpointId } from '../../shared/ids.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { Subtask } from '../tasks/subtask.ts';
import type { SlotCommand, SlotStage } from './slot-messages.ts';

export type SlotCheckpointCommand = Extract<
  SlotCommand,
  {
    kind: 'trigger-checkpoint' | 'checkpoint-completed' | 'checkpoint-aborted' | 'announce-checkpoints' | 'leader-lost';
  }
>;

/** Ids that an announcement aborts one by one; beyond that many the subtasks learn it by the next barrier. */
const ABORTED_MAX = 1_000;

/**
 * What the coordinator says of checkpoints, to the subtasks of one slot.
 *
 * S1  What is complete comes first: a trigger and an announcement say it too (checkpoint-messages.ts K2).
 * S2  A word of the coordinator about alignments proves that there is one: alignments are made again.
 */
export function onCheckpointCommand(command: SlotCheckpointCommand, subtasks: readonly Subtask[]): void {
  switch (command.kind) {
    case 'trigger-checkpoint': {
      complete(command.completed, subtasks);
      all(subtasks, { kind: 'leader-found' });
      for (const subtask of subtasks.filter(({ key }) => command.subtasks.some((wanted) => isSame(wanted, key)))) {
        subtask.trigger(command);
      }
      return;
    }
    case 'checkpoint-completed':
      complete(command.checkpoint, subtasks);
      return;
    case 'checkpoint-aborted':
      all(subtasks, { kind: 'abort', checkpoint: command.checkpoint });
      return;
    case 'announce-checkpoints':
      announce(command, subtasks);
      return;
    case 'leader-lost':
      all(subtasks, { kind: 'leader-lost' });
      return;
    default:
      unreachable(command);
  }
}

/** The checkpoint that is under way, as far as a slot hears of it: its sources are triggered. */
export function triggeredAfter(
  before: CheckpointId | undefined,
  command: SlotCheckpointCommand,
): CheckpointId | undefined {
  switch (command.kind) {
    case 'trigger-checkpoint':
      return command.checkpoint;
    case 'checkpoint-completed':
      return before !== undefined && before > command.checkpoint ? before : undefined;
    case 'checkpoint-aborted':
      return before === command.checkpoint ? undefined : before;
    case 'announce-checkpoints':
      return before !== undefined && command.pending.includes(before) ? before : undefined;
    case 'leader-lost':
      return before;
    default:
      return unreachable(command);
  }
}

/** What the checkpoints that are under way wait for at these subtasks. */
export function stagesOf(subtasks: readonly Subtask[]): readonly SlotStage[] {
  return subtasks.flatMap(({ key, stage }) =>
    stage === undefined ? [] : [{ checkpoint: stage.checkpoint, subtask: key, stage: stage.stage }],
  );
}

function announce(
  { completed, issued, pending }: Extract<SlotCheckpointCommand, { kind: 'announce-checkpoints' }>,
  subtasks: readonly Subtask[],
): void {
  complete(completed, subtasks);
  if (issued !== undefined) {
    const oldestPending = pending.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
    const upTo = oldestPending === undefined ? issued : oldestPending - 1n;
    if (upTo > 0n) {
      all(subtasks, { kind: 'abort-all', upTo: parseCheckpointId(upTo < issued ? upTo : issued) });
    }
    for (let id = upTo + 1n; id <= issued && id - upTo <= ABORTED_MAX; id += 1n) {
      const checkpoint = parseCheckpointId(id);
      if (!pending.includes(checkpoint)) {
        all(subtasks, { kind: 'abort', checkpoint });
      }
    }
  }
  all(subtasks, { kind: 'leader-found' });
}

function complete(checkpoint: CheckpointId | undefined, subtasks: readonly Subtask[]): void {
  if (checkpoint === undefined) {
    return;
  }
  failpoint('task.completed-received');
  for (const subtask of subtasks) {
    subtask.complete(checkpoint);
  }
}

function all(subtasks: readonly Subtask[], event: Parameters<Subtask['align']>[0]): void {
  for (const subtask of subtasks) {
    subtask.align(event);
  }
}

function isSame(a: SubtaskKey, b: SubtaskKey): boolean {
  return a.vertex === b.vertex && a.subtask === b.subtask;
}
