import type { Quarantine } from '../functions/quarantine.ts';
import type { Serializer } from '../serialization/serializer.ts';
import type { LogicalEdge, LogicalNode, OperatorSpec, Partitioning } from './logical-graph.ts';

/** Options every operator takes. */
export interface OperatorOptions {
  /** Names the operator in plans, metrics and state. Mandatory on sources, sinks, `process` and keyed operators. */
  readonly uid?: string;
  readonly parallelism?: number;
  /** How its main output is written where it crosses to another subtask. */
  readonly slotSharingGroup?: string;
  readonly chaining?: 'allowed' | 'head';
}

/** As the graph keeps them, without value types. */
export type RecordedOptions = OperatorOptions & { readonly quarantine?: Quarantine<unknown> | undefined };

/** An end of a stream that is still open: what the next operator will read, and how its records are dealt out. */
export interface OpenEnd {
  readonly from: string;
  readonly output: string;
  readonly partitioning: Partitioning;
  readonly serializer: Serializer<unknown> | undefined;
}

/** Collects nodes and edges while the user's build function runs. Wrong use is noted, not thrown: all is told at once. */
export class GraphRecorder {
  readonly nodes: LogicalNode[] = [];
  readonly edges: LogicalEdge[] = [];
  readonly problems: string[] = [];

  /** Adds a node reading `inputs[i]` as its input i, and gives its uid. */
  add(operator: OperatorSpec, inputs: readonly (readonly OpenEnd[])[], options: RecordedOptions): string {
    const uid = options.uid ?? this.#derivedUid(operator.kind);
    if (options.uid === undefined && options.quarantine !== undefined) {
      this.problems.push(
        `operator "${uid}" has a quarantine, which finds its records by its uid: give it { uid: "…" }`,
      );
    }
    this.nodes.push({
      uid,
      operator,
      parallelism: options.parallelism,
      slotSharingGroup: options.slotSharingGroup ?? 'default',
      chaining: options.chaining ?? 'allowed',
      quarantine: options.quarantine,
    });
    inputs.forEach((ends, input) => {
      for (const end of ends) {
        this.edges.push({ ...end, to: uid, input: input === 0 ? 0 : 1 });
      }
    });
    return uid;
  }

  #derivedUid(kind: string): string {
    const mandatory = kind !== 'map' && kind !== 'filter' && kind !== 'flat-map';
    const uid = `${kind}-${this.nodes.length + 1}`;
    if (mandatory) {
      this.problems.push(`the ${kind} operator at place ${this.nodes.length + 1} has no uid: give it { uid: "…" }`);
    }
    return uid;
  }
}
