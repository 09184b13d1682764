/**
 * Names of transactions (DESIGN §8.1). The attempt is part of them: Kafka knows nothing of our tokens, and a writer of an old
 * attempt that wakes up must not be able to touch an id of a new one.
 */
export interface TransactionalIdParts {
  /** The cluster's name and what is unique to the submission of the job (`transactionScope` in coordinator/jobs). */
  readonly clusterId: string;
  readonly jobId: string;
  readonly uid: string;
  readonly attempt: number;
  readonly subtask: number;
  /** Which one of the subtask's pool. */
  readonly n: number;
}

export function transactionalIdOf({ clusterId, jobId, uid, attempt, subtask, n }: TransactionalIdParts): string {
  return `${clusterId}/${jobId}/${uid}/${attempt}/${subtask}/${n}`;
}

/** Every id that a sink's writers of an attempt may ever have asked for. */
export function idsOfAttempt(
  sink: Pick<TransactionalIdParts, 'clusterId' | 'jobId' | 'uid' | 'attempt'>,
  parallelism: number,
  transactionPool: number,
): readonly string[] {
  return Array.from({ length: parallelism * transactionPool }, (_, i) =>
    transactionalIdOf({ ...sink, subtask: Math.floor(i / transactionPool), n: i % transactionPool }),
  );
}
