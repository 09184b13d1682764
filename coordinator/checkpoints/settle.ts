import type { CheckpointDraft } from './checkpoint-draft.ts';
import type { Checkpoints } from './checkpoints.ts';
import { refuse } from './refuse-savepoints.ts';

export function settleIfQuiet(draft: CheckpointDraft): void {
  if (draft.state.phase === 'closing' && isQuiet(draft.state)) {
    draft.change({ phase: 'settled' });
    draft.send({ kind: 'settled' });
  }
}

/** Prepared output is lost, or this process leads no more: nothing is written, told or aborted from here on. */
export function die(draft: CheckpointDraft, why: string): void {
  const { requests, pending, completing, copying } = draft.state;
  const begun = [...pending.values()].flatMap((checkpoint) => checkpoint.requests);
  const copied = copying.flatMap(({ pin: { directory }, request }) =>
    request === undefined ? [] : [{ request, directory, mode: 'go-on' as const }],
  );
  refuse(draft, [...requests, ...begun, ...(completing?.requests ?? []), ...copied], why);
  draft.change({ phase: 'dead', requests: [], pending: new Map(), completing: undefined, copying: [] });
}

function isQuiet({ completing, ids }: Checkpoints): boolean {
  return completing === undefined && ids.reserving === undefined;
}
