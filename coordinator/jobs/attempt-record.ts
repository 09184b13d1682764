import type { RestoreHandle, SlotPlace } from '../../shared/control/messages.ts';
import type { AttemptNumber } from '../../shared/ids.ts';
import type { CondemnedSink } from '../commits/abandon-step.ts';
import type { JobSink } from './job-spec.ts';

/**
 * What is stored of a job's attempts, under one key: its revision is what the pointers of the current attempt compare, so that
 * from the moment at which an attempt is condemned none can be written for it (DESIGN §8.7).
 */
export interface AttemptRecord {
  /** Undefined: nothing may be deployed, nor adopted. */
  readonly current: RecordedAttempt | undefined;
  /** Will never be adopted; stay listed until nothing of them can become visible any more. */
  readonly condemned: readonly RecordedAttempt[];
}

export interface RecordedAttempt {
  readonly number: AttemptNumber;
  readonly places: readonly SlotPlace[];
  readonly lineage: string;
  readonly fingerprint: string;
  readonly artifact: string;
  readonly sinks: readonly JobSink[];
  readonly transactionPool: number;
  /** Undefined: it began with empty state. */
  readonly restoredFrom: RestoreHandle | undefined;
}

export const NO_ATTEMPTS: AttemptRecord = { current: undefined, condemned: [] };

export function withCondemned({ current, condemned }: AttemptRecord): AttemptRecord {
  return { current: undefined, condemned: current === undefined ? condemned : [...condemned, current] };
}

export function condemnedSinks({ condemned }: AttemptRecord): readonly CondemnedSink[] {
  return condemned.flatMap(({ number, sinks, transactionPool }) =>
    sinks.map(({ uid, parallelism }) => ({ sink: uid, attempt: { attempt: number, parallelism, transactionPool } })),
  );
}
