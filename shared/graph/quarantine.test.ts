import { expect, test } from 'vitest';
import type { SinkSpec } from '../connector/sink.ts';
import type { SourceSpec } from '../connector/source.ts';
import { outputTag } from '../functions/output-tag.ts';
import { quarantineTo } from '../functions/quarantine.ts';
import { defineJob } from './define-job.ts';
import { describePlan, renderPlan } from './describe-plan.ts';
import type { Flow } from './flow.ts';
import { chainGraph } from './job-graph.ts';

const poison = outputTag<string>('poison');
const quarantine = quarantineTo<string, string>(poison, ({ fingerprint }) => fingerprint);

test('every operator with a function for records can have a quarantine, and the plan shows it', () => {
  const built = build((flow) => {
    const mapped = texts(flow).map((text) => text, { uid: 'map', quarantine });
    const filtered = mapped.filter(() => true, { uid: 'filter', quarantine });
    const flat = filtered.flatMap((text) => [text], { uid: 'flat-map', quarantine });
    const processed = flat.process<string>(() => undefined, { uid: 'process', quarantine });
    const keyed = processed
      .keyBy((text) => text)
      .process<string>({ process: () => undefined }, { uid: 'keyed', quarantine });
    const both = keyed
      .connect(texts(flow, 'others'))
      .process<string>({ process1: () => undefined, process2: () => undefined }, { uid: 'both', quarantine });
    both
      .union(...[mapped, filtered, flat, processed, keyed, both].map((stream) => stream.sideOutput(poison)))
      .sinkTo(nowhere(), { uid: 'out' });
  });

  expect(problemsOf(built)).toStrictEqual([]);
  expect(built.kind === 'graph' && renderPlan(describePlan(chainGraph(built.graph)))).toContain(
    'both (co-process quarantine → poison)',
  );
});

test('a quarantine that nothing reads is refused: its records would be lost', () => {
  const built = build((flow) => {
    texts(flow)
      .map((text) => text, { uid: 'map', quarantine })
      .sinkTo(nowhere(), { uid: 'out' });
  });

  expect(problemsOf(built)).toStrictEqual([
    'operator "map": nothing reads the side output "poison" of its quarantine, so its records would be lost: read it with .sideOutput(tag)',
  ]);
});

test('the side output of a quarantine does not count as the use of an operator', () => {
  const built = build((flow) => {
    texts(flow)
      .map((text) => text, { uid: 'map', quarantine })
      .sideOutput(poison)
      .sinkTo(nowhere(), { uid: 'out' });
  });

  expect(problemsOf(built)).toStrictEqual([
    'operator "map": nothing reads its output: end it with .sinkTo(…) or remove it',
  ]);
});

test('a quarantine needs a uid of its operator, and a side output with a name of its own', () => {
  const main = quarantineTo<string, string>(outputTag<string>('main'), () => '');
  const built = build((flow) => {
    const first = texts(flow).map((text) => text, { quarantine });
    first
      .union(first.sideOutput(poison))
      .map((text) => text, { uid: 'named', quarantine: main })
      .sinkTo(nowhere(), { uid: 'out' });
  });

  expect(problemsOf(built).slice(0, 2)).toStrictEqual([
    'operator "map-2" has a quarantine, which finds its records by its uid: give it { uid: "…" }',
    `operator "named": a quarantine's side output must not be called "main"`,
  ]);
});

test('sources, sinks and async operators are refused, each with the reason', () => {
  // As a job that is no TypeScript may have it.
  const options = { quarantine };
  const built = build((flow) => {
    texts(flow, 'texts', options)
      .mapAsync(async (text) => await Promise.resolve(text), { uid: 'async', ...options })
      .sinkTo(nowhere(), { uid: 'out', ...options });
  });

  const refused = problemsOf(built).filter((problem) => problem.includes('can have no quarantine'));

  expect(refused.map((problem) => problem.split(':')[0])).toStrictEqual([
    'operator "texts"',
    'operator "async"',
    'operator "out"',
  ]);
});

function build(draw: (flow: Flow) => void) {
  return defineJob('job', (flow) => {
    draw(flow);
  }).build({}, { parallelism: 1, maxParallelism: 8 });
}

function problemsOf(built: ReturnType<typeof build>): readonly string[] {
  return built.kind === 'invalid' ? built.problems : [];
}

function texts(flow: Flow, uid = 'texts', more: object = {}) {
  return flow.source(source(), { uid, ...more });
}

function source(): SourceSpec<string> {
  return { kind: 'source', connector: 'test', options: {}, bounded: true, problems: [], summary: 'texts' };
}

function nowhere(): SinkSpec<string> {
  return { kind: 'sink', connector: 'test', options: {}, problems: [], summary: 'nowhere' };
}
