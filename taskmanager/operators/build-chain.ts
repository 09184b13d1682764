import type { TaskConnector, TaskConnectors } from '../../shared/connector/connector.ts';
import type { SourceSpec } from '../../shared/connector/source.ts';
import type { SinkSpec } from '../../shared/connector/sink.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { QuarantinedFingerprint } from '../../shared/control/messages.ts';
import type { JobGraph, JobVertex } from '../../shared/graph/job-graph.ts';
import { MAIN_OUTPUT } from '../../shared/graph/logical-graph.ts';
import type { LogicalNode } from '../../shared/graph/logical-graph.ts';
import { required, unreachable } from '../../shared/invariant.ts';
import type { MetricGroup } from '../../shared/metrics/metrics.ts';
import { defaultSerializer } from '../../shared/serialization/default-serializer.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import type { EdgeOutput } from '../exchange/edge-output.ts';
import type { SlotExchange } from '../exchange/slot-exchange.ts';
import { AsyncOperator } from './async-operator.ts';
import type { AsyncDeps } from './async-operator.ts';
import type { Chain } from './chain.ts';
import { CoProcessOperator } from './co-process-operator.ts';
import { FilterOperator } from './filter-operator.ts';
import { FlatMapOperator } from './flat-map-operator.ts';
import { KeyedProcessOperator } from './keyed-process-operator.ts';
import { MapOperator } from './map-operator.ts';
import type { Operator } from './operator.ts';
import { OperatorOutput } from './operator-output.ts';
import type { OperatorParts } from './operator-parts.ts';
import { HotCount } from './operator-scope.ts';
import type { OperatorScope } from './operator-scope.ts';
import { OutputPressure } from './output-pressure.ts';
import { ProcessOperator } from './process-operator.ts';
import { RecordGuard } from './record-guard.ts';
import type { GuardedQuarantine } from './record-guard.ts';
import { SinkOperator } from './sink-operator.ts';
import { SourceOperator } from './source-operator.ts';
import { Suspensions } from './suspensions.ts';

export interface ChainOptions {
  readonly graph: JobGraph;
  readonly vertex: JobVertex;
  /** The place of the subtask; each operator gets it with its own uid. */
  readonly scope: Omit<OperatorScope, 'uid'>;
  readonly exchange: Pick<SlotExchange, 'outputsOf'>;
  readonly connectors: TaskConnectors;
  readonly async: AsyncDeps;
  /** The metrics of one operator, by its uid. */
  readonly metricsOf: (uid: string) => MetricGroup;
  /** Of all operators. */
  readonly quarantined: readonly QuarantinedFingerprint[];
}

/** Builds the operators of one subtask. Nothing is opened yet. */
export function buildChain(options: ChainOptions): Chain {
  return new ChainBuilder(options).build();
}

class ChainBuilder {
  readonly #options: ChainOptions;
  readonly #pressure = new OutputPressure();
  readonly #suspensions = new Suspensions();
  readonly #built = new Map<string, Operator>();
  readonly #edges: EdgeOutput[] = [];
  readonly #counts: HotCount[] = [];
  readonly #edgeCounts: HotCount[] = [];
  readonly #sinkCounts: HotCount[] = [];
  #source: SourceOperator | undefined;
  #async: AsyncOperator | undefined;
  #keyed: KeyedProcessOperator | undefined;
  readonly #sinks: SinkOperator[] = [];
  #headReceived: HotCount | undefined;

  constructor(options: ChainOptions) {
    this.#options = options;
  }

  build(): Chain {
    const { nodes } = this.#options.vertex;
    // From the tail: an output needs the operators that it calls.
    for (const [place, node] of [...nodes.entries()].reverse()) {
      this.#built.set(node.uid, this.#operatorOf(node, place));
    }
    for (const edge of this.#edges) {
      this.#pressure.watch(edge);
    }
    for (const sink of this.#sinks) {
      this.#pressure.watch(sink.writer);
    }
    const operators = nodes.map((node) => required(this.#built.get(node.uid), `operator ${node.uid}`));
    const leaving = [...this.#edgeCounts, ...this.#sinkCounts];
    return {
      head: required(operators[0], 'the head of a chain'),
      operators,
      source: this.#source,
      async: this.#async,
      keyed: this.#keyed,
      sinks: this.#sinks,
      edges: this.#edges,
      pressure: this.#pressure,
      suspensions: this.#suspensions,
      counts: {
        headReceived: required(this.#headReceived, 'the count of the head'),
        left: () => leaving.reduce((sum, count) => sum + count.value, 0),
        publish: () => {
          for (const count of this.#counts) {
            count.publish();
          }
        },
      },
    };
  }

  #operatorOf(node: LogicalNode, place: number): Operator {
    const parts = this.#partsOf(node, place);
    const { operator } = node;
    switch (operator.kind) {
      case 'source':
        this.#source = new SourceOperator(
          parts,
          this.#connectorOf(operator.source).createReader(operator.source),
          operator.watermarks,
        );
        return this.#source;
      case 'sink': {
        const sink = new SinkOperator(parts, this.#connectorOf(operator.sink).createWriter(operator.sink));
        this.#sinks.unshift(sink);
        this.#sinkCounts.push(parts.received);
        return sink;
      }
      case 'map':
        return new MapOperator(parts, operator.map);
      case 'filter':
        return new FilterOperator(parts, operator.filter);
      case 'flat-map':
        return new FlatMapOperator(parts, operator.flatMap);
      case 'process':
        return new ProcessOperator(parts, operator.process);
      case 'keyed-process':
      case 'keyed-co-process':
        this.#keyed = new KeyedProcessOperator(parts, operator);
        return this.#keyed;
      case 'co-process':
        return new CoProcessOperator(parts, operator.process);
      case 'async':
        this.#async = new AsyncOperator(parts, {
          spec: operator.async,
          deps: this.#options.async,
          serializer: this.#inputSerializerOf(node, 0),
        });
        return this.#async;
      default:
        return unreachable(operator);
    }
  }

  /** Of the edges that end at the operator; where they differ each can write the values of all. */
  #inputSerializerOf({ uid }: LogicalNode, input: 0 | 1): Serializer<unknown> {
    const { graph, vertex } = this.#options;
    const edges = [...graph.edges.map(({ edge }) => edge), ...vertex.chained];
    const own = edges.find((edge) => edge.to === uid && edge.input === input && edge.serializer !== undefined);
    return own?.serializer ?? defaultSerializer;
  }

  #partsOf(node: LogicalNode, place: number): OperatorParts {
    const { graph, vertex, scope, metricsOf } = this.#options;
    const metrics = metricsOf(node.uid);
    const received = this.#count(metrics, 'numRecordsIn');
    if (place === 0) {
      this.#headReceived = received;
    }
    const names = new Set([
      ...vertex.chained.filter((edge) => edge.from === node.uid).map((edge) => edge.output),
      ...graph.edges.filter(({ edge }) => edge.from === node.uid).map(({ edge }) => edge.output),
    ]);
    names.delete(MAIN_OUTPUT);
    const main = this.#outputOf(node, MAIN_OUTPUT, metrics);
    const sides = new Map([...names].map((name) => [name, this.#outputOf(node, name, metrics)]));
    return {
      scope: { ...scope, uid: node.uid },
      place,
      received,
      main,
      sides,
      guard: this.#guardOf(node, sides, metrics),
      pressure: this.#pressure,
      suspensions: this.#suspensions,
    };
  }

  #guardOf(node: LogicalNode, sides: ReadonlyMap<string, OperatorOutput>, metrics: MetricGroup): RecordGuard {
    return new RecordGuard({
      scope: { ...this.#options.scope, uid: node.uid },
      fingerprint: {
        identify: node.quarantine?.identify,
        serializers: [this.#inputSerializerOf(node, 0), this.#inputSerializerOf(node, 1)],
      },
      quarantine: this.#quarantineOf(node, sides, metrics),
    });
  }

  #quarantineOf(
    { uid, quarantine }: LogicalNode,
    sides: ReadonlyMap<string, OperatorOutput>,
    metrics: MetricGroup,
  ): GuardedQuarantine | undefined {
    if (quarantine === undefined) {
      return undefined;
    }
    const own = this.#options.quarantined.filter(({ operator }) => operator === uid);
    return {
      letterOf: quarantine.letterOf,
      output: sides.get(quarantine.output),
      records: new Map(own.map((record) => [record.fingerprint, record])),
      count: metrics.counter('numRecordsQuarantined'),
    };
  }

  #outputOf(node: LogicalNode, output: string, metrics: MetricGroup): OperatorOutput {
    const { vertex, scope, exchange } = this.#options;
    const chained = vertex.chained
      .filter((edge) => edge.from === node.uid && edge.output === output)
      .map((edge) => required(this.#built.get(edge.to), `operator ${edge.to}`));
    const edges = exchange.outputsOf(vertex.id, scope.subtask, node.uid, output);
    const count = this.#count(metrics, 'numRecordsOut', output);
    this.#edges.push(...edges);
    this.#edgeCounts.push(...edges.map(() => count));
    return new OperatorOutput({ chained, edges, pressure: this.#pressure, count });
  }

  /** All outputs of an operator add to one series, except that each side output has its own. */
  #count(metrics: MetricGroup, name: string, output: string = MAIN_OUTPUT): HotCount {
    const counter = output === MAIN_OUTPUT ? metrics.counter(name) : metrics.counter(name, { output });
    const count = new HotCount(counter);
    this.#counts.push(count);
    return count;
  }

  #connectorOf({ connector, kind }: SourceSpec<unknown> | SinkSpec<unknown>): TaskConnector {
    const found = this.#options.connectors.get(connector);
    if (found === undefined) {
      throw new StreamError({
        code: 'unknown-connector',
        reaction: 'fail-job',
        message: `the job has a ${kind} of connector "${connector}", which this task manager does not know`,
        remedy: `Known are ${[...this.#options.connectors.keys()].join(', ')}; is the task manager of the same version?`,
      });
    }
    return found;
  }
}
