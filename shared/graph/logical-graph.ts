import type { SinkSpec } from '../connector/sink.ts';
import type { SourceSpec } from '../connector/source.ts';
import type {
  AsyncFunction,
  CoProcessFunction,
  FilterFunction,
  FlatMapFunction,
  KeyedCoProcessFunction,
  KeyedProcessFunction,
  KeySelector,
  MapFunction,
  ProcessFunction,
} from '../functions/functions.ts';
import type { Quarantine } from '../functions/quarantine.ts';
import type { WatermarkStrategy } from '../functions/watermarks.ts';
import type { Serializer } from '../serialization/serializer.ts';

/**
 * The graph as the user wrote it: one node per operator, one edge per use of an output. Values are `unknown` here; the
 * typed builder (`flow.ts`) is the only maker, so an edge's value type is what the operator at its end expects.
 */
export type OperatorSpec =
  | {
      readonly kind: 'source';
      readonly source: SourceSpec<unknown>;
      /** Absent: the source tells no event time until its end. */
      readonly watermarks?: WatermarkStrategy<unknown>;
    }
  | { readonly kind: 'sink'; readonly sink: SinkSpec<unknown> }
  | { readonly kind: 'map'; readonly map: MapFunction<unknown, unknown> }
  | { readonly kind: 'filter'; readonly filter: FilterFunction<unknown> }
  | { readonly kind: 'flat-map'; readonly flatMap: FlatMapFunction<unknown, unknown> }
  | { readonly kind: 'process'; readonly process: ProcessFunction<unknown, unknown> }
  | { readonly kind: 'keyed-process'; readonly process: KeyedProcessFunction<unknown, unknown> }
  | {
      readonly kind: 'keyed-co-process';
      readonly process: KeyedCoProcessFunction<unknown, unknown, unknown>;
    }
  | { readonly kind: 'co-process'; readonly process: CoProcessFunction<unknown, unknown, unknown> }
  | { readonly kind: 'async'; readonly async: AsyncSpec };

export interface AsyncSpec {
  readonly call: AsyncFunction<unknown, unknown>;
  /** `ordered`: results leave in the order of their inputs. */
  readonly order: 'ordered' | 'unordered';
  /** Most calls under way in one subtask; when reached, the subtask takes no input. */
  readonly inFlightMax: number;
  readonly timeoutMs: number;
}

/** How records of an edge choose the consumer's subtask. */
export type Partitioning =
  | { readonly kind: 'forward' }
  | { readonly kind: 'hash'; readonly key: KeySelector<unknown> }
  | { readonly kind: 'rebalance' }
  | { readonly kind: 'broadcast' };

/** The name of a node's main output; every other output is a side output, named by its tag. */
export const MAIN_OUTPUT = 'main';

export interface LogicalEdge {
  readonly from: string;
  readonly output: string;
  readonly to: string;
  /** 0; 1 for the second stream of `connect`. */
  readonly input: 0 | 1;
  readonly partitioning: Partitioning;
  /** undefined: the default serializer. */
  readonly serializer: Serializer<unknown> | undefined;
}

export interface LogicalNode {
  /** Given by the user, or derived from kind and place (`map-3`) where a uid is not mandatory. */
  readonly uid: string;
  readonly operator: OperatorSpec;
  /** undefined: the job's default parallelism. */
  readonly parallelism: number | undefined;
  readonly slotSharingGroup: string;
  /** `head`: always begins a chain of its own. */
  readonly chaining: 'allowed' | 'head';
  /** undefined: a record on which the function throws fails the job's attempts until somebody removes the cause. */
  readonly quarantine: Quarantine<unknown> | undefined;
}

export interface LogicalGraph {
  readonly jobName: string;
  readonly defaultParallelism: number;
  readonly maxParallelism: number;
  readonly nodes: readonly LogicalNode[];
  readonly edges: readonly LogicalEdge[];
}

/** Whether an operator has state by key: it reads keyed streams only. */
export function isKeyed(kind: OperatorSpec['kind']): boolean {
  return kind === 'keyed-process' || kind === 'keyed-co-process';
}

export function parallelismOf(graph: LogicalGraph, node: LogicalNode): number {
  return node.parallelism ?? graph.defaultParallelism;
}
