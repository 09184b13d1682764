import type { SplitState } from '../../shared/connector/source.ts';
import { parseJobId, parseOperatorUid, parseSplitId, parseVertexId } from '../../shared/ids.ts';
import type { Random } from '../../shared/random/random.ts';
import type { JobSpec } from '../jobs/job-spec.ts';

export const SOURCE = parseVertexId('source');
export const SINK = parseVertexId('sink');

export interface SimulatedJob {
  readonly spec: JobSpec;
  /** What discovery finds, in as many looks as there are lists. */
  readonly finds: readonly (readonly SplitState[])[];
}

/** A bounded job of one source and one sink whose shape is the seed's choice. */
export function simulatedJob(name: string, random: Random, slotsMax: number): SimulatedJob {
  const source = 1 + random.below(slotsMax);
  const sink = 1 + random.below(slotsMax);
  const looks = 1 + random.below(2);
  return {
    spec: {
      jobId: parseJobId(name),
      name,
      module: { kind: 'path', path: 'job.mjs' },
      args: {},
      defaultParallelism: 1,
      maxParallelism: 128,
      fingerprint: 'f',
      lineage: 'l',
      slotsNeeded: Math.max(source, sink),
      vertices: [
        { id: SOURCE, parallelism: source, firstSlot: 0, inputs: [], operators: [parseOperatorUid(SOURCE)] },
        {
          id: SINK,
          parallelism: sink,
          firstSlot: 0,
          inputs: [{ from: SOURCE, pairs: 'all' }],
          operators: [parseOperatorUid(SINK)],
        },
      ],
      sources: [
        {
          vertex: SOURCE,
          assignment: random.below(2) === 0 ? 'eager' : 'on-request',
          discoveryIntervalMs: looks > 1 ? 500 : undefined,
        },
      ],
      sinks: [{ uid: parseOperatorUid(SINK), parallelism: sink }],
      planJson: '{}',
    },
    finds: Array.from({ length: looks }, (_, look) =>
      Array.from({ length: random.below(4) }, (__, i) => ({ id: parseSplitId(`${look}-${i}`), position: `${look}` })),
    ),
  };
}
