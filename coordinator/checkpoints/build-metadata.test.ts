import { describe, expect, test } from 'vitest';
import type { SegmentRef } from '../../shared/checkpoint/segment-ref.ts';
import { parseKeyGroup, parseSplitId } from '../../shared/ids.ts';
import { A, B, CheckpointBench, id, SINK, SOURCE, subtask } from './checkpoints-testing.ts';
import { resolveKeyed } from './resolve-keyed.ts';

describe('the metadata of a checkpoint', () => {
  test('holds what every subtask said, by operator and index', () => {
    const states = [{ name: 'count', id: 1, kind: 'value', version: 1, serializer: 's' }] as const;
    const bench = CheckpointBench.running();
    bench.ack(B, 1, { keyed: { kind: 'whole', segments: [segment(1)] }, states, watermarkMs: 5 });
    bench.ack(A, 1, { splits: [{ id: parseSplitId('p0'), position: '9', isFinished: false }], isFinished: true });
    const metadata = bench.state.completing?.metadata;

    expect(metadata).toMatchObject({ checkpoint: 1n, attempt: 3, leaderEpoch: 7n, lineage: 'lineage' });
    expect(
      metadata?.operators.map(({ uid, parallelism, maxParallelism }) => [uid, parallelism, maxParallelism]),
    ).toStrictEqual([
      ['source', 2, 128],
      ['sink', 2, 128],
    ]);
    expect(metadata?.operators[1]?.states).toStrictEqual(states);
    expect(metadata?.operators[1]?.subtasks).toMatchObject([
      { splits: [{ id: 'p0', position: '9' }], isFinished: true, keyed: [] },
      { keyed: [segment(1)], watermarkMs: 5, isFinished: false },
    ]);
  });

  test('resolves differences to the last completed checkpoint', () => {
    const bench = CheckpointBench.running().ack(A, 1, { keyed: { kind: 'whole', segments: [segment(1)] } });
    bench.ack(B, 1).created(1).answer('pointer').answer('marker').tick(1_000);
    bench.ack(A, 2, { keyed: { kind: 'since', checkpoint: id(1), kept: [0], added: [segment(2)] } }).ack(B, 2);

    expect(bench.state.completing?.metadata.operators[1]?.subtasks[0]?.keyed).toStrictEqual([segment(1), segment(2)]);
  });

  test('keeps the last state of a subtask that has finished since, without its output, and the names of its states', () => {
    const states = [{ name: 'count', id: 1, kind: 'value', version: 1, serializer: 's' }] as const;
    const bench = CheckpointBench.running().ack(A, 1, { keyed: { kind: 'whole', segments: [segment(1)] }, states });
    bench.ack(B, 1).created(1).answer('pointer').answer('marker');
    bench.step({ kind: 'subtask-finished', subtask: subtask(SOURCE, 0) });
    bench
      .step({ kind: 'subtask-finished', subtask: subtask(SINK, 0) })
      .tick(1_000)
      .ack(B, 2);
    const sink = bench.state.completing?.metadata.operators[1];

    expect(sink?.subtasks[0]).toMatchObject({ keyed: [segment(1)], committables: [], isFinished: true });
    expect(sink?.states).toStrictEqual(states);
  });

  test('knows nothing of a subtask that had finished before anything was stored', () => {
    const bench = CheckpointBench.running();
    bench.step({ kind: 'subtask-finished', subtask: subtask(SOURCE, 0) });
    bench
      .step({ kind: 'subtask-finished', subtask: subtask(SINK, 0) })
      .tick(1_000)
      .ack(B, 2);

    expect(bench.state.completing?.metadata.operators[0]?.subtasks[0]).toMatchObject({ splits: [], isFinished: true });
  });
});

describe('a description by differences', () => {
  test('is put in the order in which segments are applied', () => {
    const base = { checkpoint: id(3), segments: [segment(1), segment(3)] };
    const keyed = { kind: 'since', checkpoint: id(3), kept: [1], added: [segment(2)] } as const;

    expect(resolveKeyed(keyed, base)).toStrictEqual({ kind: 'resolved', segments: [segment(2), segment(3)] });
  });

  test('is unusable when it names another base, or a segment that is not there', () => {
    const base = { checkpoint: id(3), segments: [segment(1)] };
    const since = (checkpoint: number, place: number): ReturnType<typeof resolveKeyed> =>
      resolveKeyed({ kind: 'since', checkpoint: id(checkpoint), kept: [place], added: [] }, base);

    expect(since(2, 0)).toMatchObject({ problem: 'described its state by checkpoint 2, but the last is 3' });
    expect(since(3, 1)).toMatchObject({ problem: 'names segment 1 of 1' });
  });
});

function segment(checkpoint: number): SegmentRef {
  const at = { checkpoint: id(checkpoint), part: 0 };
  const range = { first: parseKeyGroup(0), last: parseKeyGroup(127) };
  return {
    kind: 'delta',
    location: { kind: 'object', key: `s${checkpoint}` },
    length: 1,
    sha256: '',
    range,
    from: at,
    to: at,
  };
}
