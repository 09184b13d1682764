import type { SinkCommitter } from '../../shared/connector/sink.ts';
import type { SplitEnumerator } from '../../shared/connector/source.ts';
import type { JobId, OperatorUid, VertexId } from '../../shared/ids.ts';

/** The coordinator's halves of one job's sources and sinks. They live as long as the job, over all its attempts. */
export interface JobConnectors {
  readonly enumerators: ReadonlyMap<VertexId, SplitEnumerator>;
  readonly committers: ReadonlyMap<OperatorUid, SinkCommitter>;
}

/** Closes them all; throws the first error after all were tried. */
export async function closeConnectors({ enumerators, committers }: JobConnectors): Promise<void> {
  const results = await Promise.allSettled(
    [...enumerators.values(), ...committers.values()].map(async (connector) => {
      await connector.close();
    }),
  );
  for (const result of results) {
    if (result.status === 'rejected') {
      throw result.reason;
    }
  }
}

/** Of the jobs that have not ended. */
export type OpenConnectors = Map<JobId, JobConnectors>;
