import type { AbandonedAttempt, Committable } from '../../shared/connector/sink.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { AttemptNumber, CheckpointId, JobId, OperatorUid } from '../../shared/ids.ts';

/** Answers of committers. A try that was given up or repeated answers with an older number and changes nothing. */
export type CommitEvent = { readonly jobId: JobId; readonly sink: OperatorUid; readonly tries: number } & (
  | { readonly kind: 'committed'; readonly checkpoint: CheckpointId }
  | { readonly kind: 'commit-failed'; readonly checkpoint: CheckpointId; readonly failure: Failure }
);

export interface CommitSend {
  readonly kind: 'commit';
  readonly jobId: JobId;
  readonly checkpoint: CheckpointId;
  readonly sink: OperatorUid;
  /** 1 for the first try. */
  readonly tries: number;
  readonly committables: readonly Committable[];
}

export type AbandonEvent = {
  readonly jobId: JobId;
  readonly attempt: AttemptNumber;
  readonly sink: OperatorUid;
  readonly tries: number;
} & ({ readonly kind: 'abandoned' } | { readonly kind: 'abandon-failed'; readonly failure: Failure });

export interface AbandonSend {
  readonly kind: 'abandon';
  readonly jobId: JobId;
  readonly sink: OperatorUid;
  /** 1 for the first try. */
  readonly tries: number;
  readonly attempt: AbandonedAttempt;
}
