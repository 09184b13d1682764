import type { Failure } from '../../shared/failure/failure.ts';
import type { CheckpointDraft } from './checkpoint-draft.ts';
import type { SavepointRequest } from './checkpoint-events.ts';

/** Whoever waits for a savepoint always gets an answer. */
export function refuse(draft: CheckpointDraft, requests: readonly SavepointRequest[], why: string): void {
  for (const { request } of requests) {
    const failure: Failure = { code: 'savepoint-failed', reaction: 'retry', message: why };
    draft.send({ kind: 'answer-savepoint', request, answer: { kind: 'failed', failure } });
  }
}
