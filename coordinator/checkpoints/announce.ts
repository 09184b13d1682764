import type { TaskManagerId } from '../../shared/ids.ts';
import type { CheckpointDraft } from './checkpoint-draft.ts';
import { lastIssued } from './checkpoint-ids.ts';

/** Tells a task manager where things stand. */
export function announce(draft: CheckpointDraft, to: TaskManagerId): void {
  const { completed, ids, pending, completing } = draft.state;
  const alive = [...pending.keys(), ...(completing === undefined ? [] : [completing.checkpoint])];
  draft.send({
    kind: 'announce',
    to,
    completed: completed?.checkpoint,
    issued: lastIssued(ids),
    pending: alive.sort((a, b) => Number(a - b)),
  });
}
