import type { RuntimeContext } from '../../shared/functions/runtime-context.ts';
import type { OperatorScope } from './operator-scope.ts';

/** Takes records by a plain call: the next operator of the chain. */
export interface RecordTarget {
  /** `key` travels only on a hash edge; `input` is 1 for the second stream of `connect`, else 0. */
  record(value: unknown, timestampMs: number | undefined, key: string | undefined, input: 0 | 1): void;
}

/**
 * One operator of one subtask.
 *
 * I1  `record` never waits and handles its record at once, or keeps it in memory that one record's emissions bound.
 * I2  `finish` is called once, after the last record and after everything kept was emitted; it may emit.
 * I3  What a user's function throws leaves as a StreamError that names the place (operator-scope.ts), never the data.
 */
export interface Operator extends RecordTarget {
  readonly scope: OperatorScope;
  open?(context: RuntimeContext): void;
  finish?(): void;
  /** After the end, a failure or a cancel; also when `open` was not called. */
  close?(): void;
}
