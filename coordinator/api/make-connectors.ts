import type { Clock } from '../../shared/clock/clock.ts';
import type { CoordinatorConnector, CoordinatorConnectors } from '../../shared/connector/connector.ts';
import type { ConnectorSettings } from '../../shared/connector/connector-settings.ts';
import type { SinkCommitter } from '../../shared/connector/sink.ts';
import type { SplitEnumerator } from '../../shared/connector/source.ts';
import { classifyUnknown, formatFailure, StreamError } from '../../shared/failure/failure.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { LogicalNode, OperatorSpec } from '../../shared/graph/logical-graph.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { OperatorUid, VertexId } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { JobSource, JobSpec } from '../jobs/job-spec.ts';
import { transactionScope } from '../jobs/transaction-scope.ts';
import type { JobConnectors } from '../runtime/job-connectors.ts';

export interface ConnectorDeps {
  readonly connectors: CoordinatorConnectors;
  readonly settings: ConnectorSettings;
  readonly clusterId: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export type ConnectedJob = Pick<JobSpec, 'jobId' | 'lineage'>;

export interface MadeConnectors extends JobConnectors {
  readonly sources: readonly JobSource[];
  /** Sentences that name the operator; when there are any, what was made is still to be closed. */
  readonly problems: readonly string[];
}

/** The coordinator's halves of every source and sink of a job. */
export function makeConnectors(graph: JobGraph, job: ConnectedJob, deps: ConnectorDeps): MadeConnectors {
  const maker = new ConnectorMaker(job, deps);
  for (const vertex of graph.vertices) {
    for (const node of vertex.nodes) {
      maker.make(vertex.id, node);
    }
  }
  return maker;
}

/**
 * What the sinks say against their own settings, given how long the job's checkpoints need a transaction (DESIGN §8.9). An
 * outside that does not answer is said too: whoever submits is there to hear it, and the job could not commit anything.
 */
export async function checkSinks(
  { committers }: JobConnectors,
  neededMs: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problems = await Promise.all(
    [...committers].map(async ([uid, committer]) => {
      try {
        const found = await committer.check(neededMs, signal);
        return found.map((problem) => `sink "${uid}": ${problem}`);
      } catch (error) {
        const failure = classifyUnknown(error, `the check of sink "${uid}"`);
        const message = `sink "${uid}": ${formatFailure(failure)}`;
        if (failure.reaction === 'fail-job') {
          return [message];
        }
        throw new StreamError({ code: 'sink-not-checked', reaction: 'retry', message }, { cause: error });
      }
    }),
  );
  return problems.flat();
}

class ConnectorMaker implements MadeConnectors {
  readonly enumerators = new Map<VertexId, SplitEnumerator>();
  readonly committers = new Map<OperatorUid, SinkCommitter>();
  readonly sources: JobSource[] = [];
  readonly problems: string[] = [];
  readonly #job: ConnectedJob;
  readonly #deps: ConnectorDeps;

  constructor(job: ConnectedJob, deps: ConnectorDeps) {
    this.#job = job;
    this.#deps = deps;
  }

  make(vertex: VertexId, { uid, operator }: LogicalNode): void {
    try {
      if (operator.kind === 'source') {
        this.#makeSource(vertex, uid, operator);
      } else if (operator.kind === 'sink') {
        this.#makeSink(uid, operator);
      }
    } catch (error) {
      this.problems.push(`${operator.kind} "${uid}": ${formatFailure(classifyUnknown(error, 'its connector'))}`);
    }
  }

  #makeSource(vertex: VertexId, uid: string, { source }: Extract<OperatorSpec, { kind: 'source' }>): void {
    const enumerator = this.#connector(`source "${uid}"`, source.connector)?.createEnumerator(
      source,
      this.#context(uid),
    );
    if (enumerator !== undefined) {
      const { assignment, discoveryIntervalMs } = enumerator;
      this.enumerators.set(vertex, enumerator);
      this.sources.push({ vertex, assignment, discoveryIntervalMs });
    }
  }

  #makeSink(uid: string, { sink }: Extract<OperatorSpec, { kind: 'sink' }>): void {
    const clusterId = transactionScope(this.#deps.clusterId, this.#job);
    const context = { ...this.#context(uid), jobId: this.#job.jobId, uid, clusterId };
    const committer = this.#connector(`sink "${uid}"`, sink.connector)?.createCommitter(sink, context);
    if (committer !== undefined) {
      this.committers.set(parseOperatorUid(uid), committer);
    }
  }

  #connector(who: string, name: string): CoordinatorConnector | undefined {
    const connector = this.#deps.connectors.get(name);
    if (connector === undefined) {
      const known = [...this.#deps.connectors.keys()].join(', ');
      this.problems.push(`${who}: there is no connector "${name}"; this cluster has ${known}`);
    }
    return connector;
  }

  #context(uid: string): Omit<ConnectorDeps, 'connectors' | 'clusterId'> {
    const { settings, clock, logger } = this.#deps;
    return { settings, clock, logger: logger.with({ jobId: this.#job.jobId, operator: uid }) };
  }
}
