import type { Committable } from '../../shared/connector/sink.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobId, OperatorUid } from '../../shared/ids.ts';

/** Answers of committers. A try that was given up or repeated answers with an older number and changes nothing. */
export type CommitEvent =
  | { readonly kind: 'committed'; readonly jobId: JobId; readonly sink: OperatorUid; readonly tries: number }
  | {
      readonly kind: 'commit-failed';
      readonly jobId: JobId;
      readonly sink: OperatorUid;
      readonly tries: number;
      readonly failure: Failure;
    };

export interface CommitSend {
  readonly kind: 'commit';
  readonly jobId: JobId;
  readonly sink: OperatorUid;
  /** 1 for the first try. */
  readonly tries: number;
  readonly committables: readonly Committable[];
}
