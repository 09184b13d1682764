import { describe, expect, test } from 'vitest';
import type { OutputRecord, SourceRecord } from '../connector/records.ts';
import type { SinkSpec } from '../connector/sink.ts';
import type { SourceSpec } from '../connector/source.ts';
import type { KeyedCoProcessFunction } from '../functions/functions.ts';
import { outputTag } from '../functions/output-tag.ts';
import { required } from '../invariant.ts';
import { stringSerializer } from '../serialization/serializer.ts';
import { defineJob } from './define-job.ts';
import type { GraphResult, JobDefinition } from './define-job.ts';
import { describePlan, renderPlan } from './describe-plan.ts';
import { channelsOf, layoutSubtasks } from './execution-layout.ts';
import type { KeyedConnectedStreams } from './flow.ts';
import { fingerprintOf } from './fingerprint.ts';
import { chainGraph, slotsNeeded } from './job-graph.ts';
import type { JobGraph } from './job-graph.ts';

const bad = outputTag<string>('bad', stringSerializer);

const pipeline = defineJob(
  'pipeline',
  (flow, args) => {
    const raw = flow.source(source(), { uid: 'raw' });
    const parsed = raw.process<string>({ process: () => undefined }, { uid: 'parse' });
    const upper = parsed.map((text) => text.toUpperCase());
    const counted = upper
      .keyBy((text) => text)
      .process<OutputRecord>({ process: () => undefined }, { uid: 'count', parallelism: args.keyed });
    const dead = parsed.sideOutput(bad).map(toRecord);
    counted.union(dead).sinkTo(sink(), { uid: 'out' });
  },
  { args: { keyed: { type: 'number', description: 'Parallelism of the keyed step', default: 4 } } },
);

describe('chaining', () => {
  test('joins forward edges of equal parallelism and cuts at keyBy and union', () => {
    const graph = graphOf(pipeline);

    expect(graph.vertices.map(({ id, parallelism }) => [id, parallelism])).toStrictEqual([
      ['raw', 2],
      ['count', 4],
      ['out', 2],
    ]);
    expect(graph.vertices[0]?.nodes.map((node) => node.uid)).toStrictEqual(['raw', 'parse', 'map-3', 'map-5']);
    expect(graph.edges.map(({ from, to, edge }) => [from, to, edge.partitioning.kind])).toStrictEqual([
      ['raw', 'count', 'hash'],
      ['count', 'out', 'rebalance'],
      ['raw', 'out', 'forward'],
    ]);
  });

  test('leaves a node that asks to be a head on its own', () => {
    const job = defineJob('j', (flow) => {
      flow.source(source(), { uid: 'a' }).map(toRecord, { uid: 'b', chaining: 'head' }).sinkTo(sink(), { uid: 'c' });
    });

    expect(graphOf(job).vertices.map((vertex) => vertex.nodes.map((node) => node.uid))).toStrictEqual([
      ['a'],
      ['b', 'c'],
    ]);
  });

  test('an async operator is a head, whatever is asked', () => {
    const job = defineJob('j', (flow) => {
      flow
        .source(source(), { uid: 'a' })
        .mapAsync(async (value) => await Promise.resolve(toRecord(value)), { uid: 'b' })
        .sinkTo(sink(), { uid: 'c' });
    });

    expect(graphOf(job).vertices.map(({ id }) => id)).toStrictEqual(['a', 'b']);
  });
});

describe('the layout', () => {
  test('puts subtask i of every vertex into slot i and needs as many slots as the widest vertex', () => {
    const graph = graphOf(pipeline);

    expect(slotsNeeded(graph)).toBe(4);
    expect(layoutSubtasks(graph).map(({ vertex, subtask, slot }) => `${vertex}${subtask}@${slot}`)).toStrictEqual([
      'raw0@0',
      'raw1@1',
      'count0@0',
      'count1@1',
      'count2@2',
      'count3@3',
      'out0@0',
      'out1@1',
    ]);
  });

  test('gives each slot sharing group slots of its own', () => {
    const job = defineJob('j', (flow) => {
      flow
        .source(source(), { uid: 'a', slotSharingGroup: 'in' })
        .map(toRecord, { slotSharingGroup: 'work', parallelism: 3 })
        .sinkTo(sink(), { uid: 'c', slotSharingGroup: 'in' });
    });

    expect(slotsNeeded(graphOf(job))).toBe(5);
  });

  test('connects subtask i to i on a forward edge and all pairs on every other', () => {
    const graph = graphOf(pipeline);
    const [hash, , forward] = graph.edges;

    expect(channelsOf(graph, required(hash, 'edge'))).toHaveLength(8);
    expect(channelsOf(graph, required(forward, 'edge'))).toStrictEqual([
      { edge: 2, producer: 0, consumer: 0 },
      { edge: 2, producer: 1, consumer: 1 },
    ]);
  });
});

describe('a wrong graph', () => {
  test('is refused with every problem at once', () => {
    const job = defineJob('no good', (flow) => {
      const a = flow.source({ ...source(), problems: ['topic is missing'] }, { uid: 'a b' });
      a.map(toRecord, { parallelism: 2000 }).sinkTo(sink(), { uid: 'x' });
      a.map(toRecord).sinkTo(sink(), { uid: 'x' });
      a.process<string>({ process: () => undefined }, { uid: 'loose' });
    });

    expect(problemsOf(job.build({}, defaults))).toStrictEqual([
      'source "a b": topic is missing',
      `the job's name "no good" must be 1 to 128 of [A-Za-z0-9._-] and begin with a letter or digit`,
      'operator "a b": a uid must be 1 to 128 of [A-Za-z0-9._-] and begin with a letter or digit',
      'operator "map-2": parallelism must be a whole number from 1 to the maximum 1024, got 2000',
      'two operators have the uid "x": a uid finds an operator\'s state, make each unique',
      'operator "loose": nothing reads its output: end it with .sinkTo(…) or remove it',
    ]);
  });

  test('without source or sink says how to begin and to end', () => {
    const job = defineJob('j', () => undefined);

    expect(problemsOf(job.build({}, defaults))).toStrictEqual([
      'the job has no source: begin with flow.source(…)',
      'the job has no sink: end a stream with .sinkTo(…)',
    ]);
  });
});

describe('arguments', () => {
  test('are typed, defaulted and refused all at once', () => {
    expect(graphOf(pipeline, { keyed: '3' }).vertices[1]?.parallelism).toBe(3);
    expect(problemsOf(pipeline.build({ keyed: 'many', other: '1' }, defaults))).toStrictEqual([
      'unknown argument --other; the job knows --keyed',
      '--keyed must be a number, got "many"',
    ]);
  });
});

describe('what a build says of its arguments', () => {
  test('is told with all other problems', () => {
    const job = defineJob('j', (flow) => {
      flow.problem('--rate needs --generate');
      flow.source(source(), { uid: 'a b' }).map(toRecord).sinkTo(sink(), { uid: 'out' });
    });

    expect(problemsOf(job.build({}, defaults))).toStrictEqual([
      '--rate needs --generate',
      'operator "a b": a uid must be 1 to 128 of [A-Za-z0-9._-] and begin with a letter or digit',
    ]);
  });

  test('stands alone when the build could not go on', () => {
    const job = defineJob('j', (flow) => {
      flow.problem('--facilities: the file is no JSON.');
    });

    expect(problemsOf(job.build({}, defaults))).toStrictEqual(['--facilities: the file is no JSON.']);
  });
});

describe('two keyed streams that are connected', () => {
  test('are two hash edges into one operator, and the plan tells which is which', () => {
    const graph = graphOf(visitsAndResults);

    expect(graph.edges.map(({ from, edge }) => [from, edge.to, edge.input, edge.partitioning.kind])).toStrictEqual([
      ['visits', 'correlate', 0, 'hash'],
      ['results', 'correlate', 1, 'hash'],
    ]);
    expect(channelsOf(graph, required(graph.edges[1], 'edge'))).toHaveLength(6);
    expect(renderPlan(describePlan(graph))).toContain(`3. correlate × 3
  correlate (keyed-co-process)
  ↳ of correlate: out (sink test void)
  ← visits by hash
  ← results by hash, second input
`);
    expect(describePlan(graph).edges.map(({ from, input }) => [from, input])).toStrictEqual([
      ['visits', 0],
      ['results', 1],
    ]);
  });

  test('must both be keyed: where the compiler was not asked, the build says so', () => {
    const job = defineJob('j', (flow) => {
      const visits: Untyped = flow.source(source(), { uid: 'visits' }).keyBy(keyOf);
      const results = flow.source(source(), { uid: 'results' });
      visits.connect(results).process(correlate, { uid: 'correlate' }).sinkTo(sink(), { uid: 'out' });
    });

    expect(problemsOf(job.build({}, defaults))).toStrictEqual([
      'operator "correlate": a keyed operator reads a stream that was not keyed: union the streams first, then call keyBy; connect a keyed stream with a keyed one only',
    ]);
  });
});

describe('a plan', () => {
  test('reads from top to bottom', () => {
    expect(renderPlan(describePlan(graphOf(pipeline)))).toBe(`job pipeline: 3 vertices, 4 slots, max parallelism 1024

1. raw × 2
  raw (source test lines)
  ↳ of raw: parse (process)
  ↳ of parse: map-3 (map)
  ↳ of parse[bad]: map-5 (map)

2. count × 4
  count (keyed-process)
  ← map-3 by hash

3. out × 2
  out (sink test void)
  ← count by rebalance
  ← map-5 by forward
`);
  });

  test('has a fingerprint that changes with the parallelism and with nothing else', () => {
    expect(fingerprintOf(graphOf(pipeline))).toBe(fingerprintOf(graphOf(pipeline)));
    expect(fingerprintOf(graphOf(pipeline))).not.toBe(fingerprintOf(graphOf(pipeline, { keyed: '5' })));
  });
});

/** What a job in JavaScript sees. */
interface Untyped {
  connect(other: unknown): KeyedConnectedStreams<SourceRecord, SourceRecord>;
}

const correlate: KeyedCoProcessFunction<SourceRecord, SourceRecord, OutputRecord> = {
  process1: () => undefined,
  process2: () => undefined,
};

const visitsAndResults = defineJob('visits-and-results', (flow) => {
  const visits = flow.source(source(), { uid: 'visits' });
  const results = flow.source(source(), { uid: 'results' });
  visits
    .keyBy(keyOf)
    .connect(results.keyBy(keyOf))
    .process(correlate, { uid: 'correlate', parallelism: 3 })
    .sinkTo(sink(), { uid: 'out', parallelism: 3 });
});

function keyOf({ key }: SourceRecord): string {
  return key?.toString() ?? '';
}

const defaults = { parallelism: 2, maxParallelism: 1024 };

function source(): SourceSpec<SourceRecord> {
  return { kind: 'source', connector: 'test', options: {}, bounded: true, problems: [], summary: 'lines' };
}

function sink(): SinkSpec<OutputRecord> {
  return { kind: 'sink', connector: 'test', options: {}, problems: [], summary: 'void' };
}

function toRecord(value: unknown): OutputRecord {
  return { topic: 't', key: undefined, value: Buffer.from(String(value)), headers: {} };
}

function graphOf(job: JobDefinition, args: Record<string, string> = {}): JobGraph {
  const result = job.build(args, defaults);
  expect(problemsOf(result)).toStrictEqual([]);
  const graph = result.kind === 'graph' ? result.graph : undefined;
  return chainGraph(required(graph, 'graph'));
}

function problemsOf(result: GraphResult): readonly string[] {
  return result.kind === 'invalid' ? result.problems : [];
}
