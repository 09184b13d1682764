import type { SplitState } from '../../shared/connector/source.ts';
import { parseJobId, parseOperatorUid, parseSplitId, parseVertexId } from '../../shared/ids.ts';
import type { Random } from '../../shared/random/random.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import { shapeSpecAt } from '../jobs/shape-spec.ts';
import type { DrawSpec } from '../jobs/shape-spec.ts';

export const SOURCE = parseVertexId('source');
export const SINK = parseVertexId('sink');

export interface SimulatedJob {
  /** As it is submitted. */
  readonly spec: JobSpec;
  /** At any parallelism: what its build function would draw. */
  readonly draw: DrawSpec;
  /** How long its sinks have something to do at most. */
  readonly lastsMs: number;
  /** What discovery finds, in as many looks as there are lists. */
  readonly finds: readonly (readonly SplitState[])[];
}

/** A bounded job of one source and one sink whose shape is the seed's choice; one of three is reactive. */
export function simulatedJob(name: string, random: Random, slotsMax: number): SimulatedJob {
  const looks = 1 + random.below(2);
  const draw = drawing(name, { random, slotsMax, discoveryIntervalMs: looks > 1 ? 500 : undefined });
  const parallelism = 1 + random.below(slotsMax);
  const least = 1 + random.below(2) * random.below(slotsMax);
  const bounds = { least, most: least + random.below(slotsMax + 1) };
  const isReactive = random.below(3) === 0;
  return {
    spec: isReactive ? shapeSpecAt(draw, bounds, bounds.least) : draw(parallelism),
    draw,
    lastsMs: random.below(3) === 0 ? 15_000 : 2_000,
    finds: Array.from({ length: looks }, (_, look) =>
      Array.from({ length: random.below(4) }, (__, i) => ({ id: parseSplitId(`${look}-${i}`), position: `${look}` })),
    ),
  };
}

interface DrawingOptions {
  readonly random: Random;
  readonly slotsMax: number;
  readonly discoveryIntervalMs: number | undefined;
}

/** Half of the operators have a parallelism of their own, which the job's does not change. */
function drawing(name: string, { random, slotsMax, discoveryIntervalMs }: DrawingOptions): DrawSpec {
  const own = (): number | undefined => (random.below(2) === 0 ? 1 + random.below(slotsMax) : undefined);
  const ownSource = own();
  const ownSink = own();
  const assignment = random.below(2) === 0 ? 'eager' : 'on-request';
  return (parallelism) => {
    const source = ownSource ?? parallelism;
    const sink = ownSink ?? parallelism;
    return {
      jobId: parseJobId(name),
      name,
      module: { kind: 'path', path: 'job.mjs' },
      args: {},
      defaultParallelism: parallelism,
      maxParallelism: 128,
      fingerprint: `f-${source}-${sink}`,
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
      sources: [{ vertex: SOURCE, assignment, discoveryIntervalMs }],
      sinks: [{ uid: parseOperatorUid(SINK), parallelism: sink }],
      planJson: '{}',
    };
  };
}
