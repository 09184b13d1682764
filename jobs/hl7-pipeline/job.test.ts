import { describe, expect, test } from 'vitest';
import { job } from './job.ts';

const defaults = { parallelism: 2, maxParallelism: 128 };

describe('the job hl7-pipeline', () => {
  test('builds from Kafka to Kafka without any argument', () => {
    const built = job.build({}, defaults);

    expect(built).toMatchObject({ kind: 'graph' });
  });

  test('reads files and writes files when it is told to', () => {
    const built = job.build({ input: 'in', output: 'out' }, defaults);
    const nodes = built.kind === 'graph' ? built.graph.nodes : [];

    expect(
      nodes.flatMap(({ operator }) => (operator.kind === 'source' ? [operator.source.connector] : [])),
    ).toStrictEqual(['file']);
    expect(nodes.flatMap(({ operator }) => (operator.kind === 'sink' ? [operator.sink.connector] : []))).toStrictEqual([
      'file',
      'file',
      'file',
    ]);
  });

  test('gives the keyed steps a parallelism of their own', () => {
    const built = job.build({ keyedParallelism: '4' }, defaults);
    const nodes = built.kind === 'graph' ? built.graph.nodes : [];

    expect(nodes.filter(({ parallelism }) => parallelism === 4).map(({ uid }) => uid)).toStrictEqual([
      'correlate',
      'route',
    ]);
  });

  test('every step has a quarantine, which ends in the dead letters', () => {
    const built = job.build({}, defaults);
    const graph = built.kind === 'graph' ? built.graph : undefined;
    const steps = graph?.nodes.filter(({ operator }) => operator.kind !== 'source' && operator.kind !== 'sink') ?? [];

    expect(steps.map(({ uid }) => uid)).toContain('correlate');
    for (const { uid, quarantine } of steps) {
      const edge = graph?.edges.find(({ from, output }) => from === uid && output === quarantine?.output);
      expect([uid, edge?.to]).toStrictEqual([uid, 'dead-letters']);
    }
  });

  test('a generated feed ends by itself', () => {
    const built = job.build({ generate: '100', output: 'out', rate: '10', seed: '3' }, defaults);

    expect(built).toMatchObject({ kind: 'graph' });
  });

  test('tells everything that is wrong with its arguments at once', () => {
    const built = job.build(
      {
        facilities: '{',
        profiles: '[1]',
        generate: '5',
        input: 'in',
        outputPrefix: 'no space',
        maxMessageBytes: '0',
      },
      defaults,
    );

    expect(built.kind === 'invalid' ? built.problems.join('\n') : '').toMatch(
      /^--generate and --input[\s\S]*--profiles[\s\S]*--facilities[\s\S]*--max-message-bytes[\s\S]*--output-prefix/,
    );
  });

  test('an argument that fits no other is told with what the connectors find', () => {
    const built = job.build({ rate: '3', inputTopic: 'no topic' }, defaults);
    const problems = built.kind === 'invalid' ? built.problems : [];

    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('--rate is the rate of generated messages');
    expect(problems[1]).toContain('source "raw"');
  });
});
