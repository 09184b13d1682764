import type { OperatorListSnapshot, StateDictionaryEntry } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { KeyedDescription } from '../../shared/control/acknowledgement.ts';
import type { RuntimeContext } from '../../shared/functions/runtime-context.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { OperatorScope } from './operator-scope.ts';
import type { StateContext } from './state-context.ts';

/** Takes records by a plain call: the next operator of the chain. */
export interface RecordTarget {
  /** `key` travels only on a hash edge; `input` is 1 for the second stream of `connect`, else 0. */
  record(value: unknown, timestampMs: number | undefined, key: string | undefined, input: 0 | 1): void;
}

/** What an operator is told when it opens. The state is its own part: it hands it to the user's function itself. */
export type OperatorOpenContext = Omit<RuntimeContext, 'operatorState'>;

/** What an operator adds to an acknowledgement. */
export interface CapturedState {
  readonly states: readonly StateDictionaryEntry[];
  readonly keyed: KeyedDescription;
  readonly lists: readonly OperatorListSnapshot[];
}

/** A snapshot whose synchronous part is done. */
export interface Capture {
  /**
   * Stores what the snapshot names; runs beside the loop, in slices that let it run. Called once, in the order of the captures,
   * not before the one before has ended. Not called for a checkpoint that was aborted meanwhile.
   */
  write(signal: AbortSignal): Promise<CapturedState>;
}

/**
 * One operator of one subtask.
 *
 * I1  `record` never waits and handles its record at once, or keeps it in memory that one record's emissions bound.
 * I2  `finish` is called once, after the last record and after everything kept was emitted; it may emit.
 * I3  What a user's function throws leaves as a StreamError that names the place (operator-scope.ts), never the data.
 * I4  `capture` cuts between two records: what came before is in it, what comes after is not.
 */
export interface Operator extends RecordTarget {
  readonly scope: OperatorScope;
  /** Brings the operator's state to where the attempt begins. Before `open`. @throws StreamError */
  restore?(context: StateContext, signal: AbortSignal): Promise<void>;
  open?(context: OperatorOpenContext): void;
  finish?(): void;
  /** At a barrier; absent for operators without state. */
  capture?(checkpoint: CheckpointId): Capture;
  /** Everything up to it is complete. Cumulative, repeatable, returns at once. */
  checkpointCompleted?(checkpoint: CheckpointId): void;
  /** After the end, a failure or a cancel; also when `open` was not called. Ends when nothing of it runs any more. */
  close?(): void | Promise<void>;
}
