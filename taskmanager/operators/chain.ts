import type { EdgeOutput } from '../exchange/edge-output.ts';
import type { AsyncOperator } from './async-operator.ts';
import type { KeyedProcessOperator } from './keyed-process-operator.ts';
import type { Operator } from './operator.ts';
import type { HotCount } from './operator-scope.ts';
import type { OutputPressure } from './output-pressure.ts';
import type { SinkOperator } from './sink-operator.ts';
import type { SourceOperator } from './source-operator.ts';
import type { Suspensions } from './suspensions.ts';

/** The operators of one vertex as one subtask runs them: a tree of calls that begins at the head. */
export interface Chain {
  readonly head: Operator;
  /** The head first, then every operator behind the one that calls it. */
  readonly operators: readonly Operator[];
  /** The head, when it is one. */
  readonly source: SourceOperator | undefined;
  /** The head, when it is one. */
  readonly async: AsyncOperator | undefined;
  /** The head, when it is one. */
  readonly keyed: KeyedProcessOperator | undefined;
  readonly sinks: readonly SinkOperator[];
  /** Every edge that leaves the chain. */
  readonly edges: readonly EdgeOutput[];
  readonly pressure: OutputPressure;
  readonly suspensions: Suspensions;
  readonly counts: ChainCounts;
}

export interface ChainCounts {
  /** Records handed to the head. */
  readonly headReceived: HotCount;
  /** Records that left the chain, by an edge or to a sink. */
  left(): number;
  /** Hands the counts of all operators to the registry. */
  publish(): void;
}
