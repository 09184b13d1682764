import { describe, expect, test } from 'vitest';
import {
  defineJob,
  fileSink,
  generatorSource,
  listState,
  mapState,
  operatorListState,
  valueState,
} from '../../index.ts';
import type { KeyedProcessFunction, OutputRecord, ProcessFunction } from '../../index.ts';
import type { OperatorInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { compareStates, isAlarming } from './compare-states.ts';
import type { JobOperator } from './compare-states.ts';
import { recordStates } from './record-states.ts';

const MSGPACK = 'msgpackr/1';

describe('what a job would do with the state of a checkpoint', () => {
  test('that fits is to restore it, to any number of subtasks', () => {
    const before = [stored('correlate', { states: [value('visits')] }), stored('raw', { splits: 4, segments: 0 })];
    const job = (parallelism: number): JobOperator[] => [
      operator('correlate', { parallelism, declared: declared([value('visits')]) }),
      operator('raw', { kind: 'source', parallelism }),
    ];

    expect(verdicts(before, job(2))).toStrictEqual([
      ['correlate', 'state visits', 'restored'],
      ['raw', 'splits', 'restored'],
    ]);
    expect(verdicts(before, job(3))).toStrictEqual([
      ['correlate', 'state visits', 'redistributed'],
      ['raw', 'splits', 'redistributed'],
    ]);
  });

  test.each([
    ['a newer version with migrate', { version: 2, canMigrate: true }, 'migrated'],
    ['a newer version without', { version: 2 }, 'incompatible'],
    ['an older version', { version: 0 }, 'incompatible'],
    ['another kind', { kind: 'map' as const }, 'incompatible'],
    ['another serializer', { serializer: 'own/1' }, 'incompatible'],
    ['another name', { name: 'stays' }, 'dropped'],
  ])('when it declares %s', (_, change, expected) => {
    const job = [operator('correlate', { declared: declared([{ ...value('visits'), ...change }]) })];

    const [first] = verdicts([stored('correlate', { states: [value('visits')] })], job);

    expect(first).toStrictEqual(['correlate', 'state visits', expected]);
  });

  test('says what begins empty, what has no operator, and what it cannot know', () => {
    const before = [
      stored('gone', { states: [value('visits'), timers('event'), timers('processing')], lists: [list('buffer')] }),
      stored('odd', { states: [value('visits')] }),
      stored('empty', { segments: 0, states: [value('declared-and-never-written')] }),
    ];
    const job = [
      operator('odd', { declared: { kind: 'unknown', why: 'Error: no network here' } }),
      operator('fresh', { declared: declared([value('visits')], [list('buffer')]) }),
    ];

    expect(verdicts(before, job)).toStrictEqual([
      ['odd', 'state visits', 'unknown'],
      ['fresh', 'state visits', 'new'],
      ['fresh', 'list buffer', 'new'],
      ['gone', 'state visits', 'dropped'],
      ['gone', 'timers', 'dropped'],
      ['gone', 'list buffer', 'dropped'],
    ]);
  });

  test('refuses another max parallelism or key hash for keyed state alone', () => {
    const before = [stored('correlate', { states: [value('visits')] }), stored('raw', { splits: 1, segments: 0 })];
    const other = { maxParallelism: 512, hashId: 'other/1' };
    const job = [
      operator('correlate', { ...other, declared: declared([value('visits')]) }),
      operator('raw', { ...other, kind: 'source' }),
    ];

    expect(verdicts(before, job)).toStrictEqual([
      ['correlate', 'operator', 'incompatible'],
      ['correlate', 'operator', 'incompatible'],
      ['raw', 'splits', 'restored'],
    ]);
  });

  test('keeps what a keyed operator has when a second input is connected to it', () => {
    const before = [stored('correlate', { states: [value('visits'), timers('event')] })];
    const job = [operator('correlate', { kind: 'keyed-co-process', declared: declared([value('visits')]) })];

    expect(verdicts(before, job)).toStrictEqual([
      ['correlate', 'timers', 'restored'],
      ['correlate', 'state visits', 'restored'],
    ]);
  });

  test('keeps timers with keyed operators, lists by name and way of dealing out, splits with sources', () => {
    const before = [
      stored('keyed', { states: [timers('event')] }),
      stored('plain', { segments: 0, lists: [list('buffer'), list('other'), list('async/in-flight')] }),
      stored('was-source', { segments: 0, splits: 2 }),
    ];
    const job = [
      operator('keyed', {}),
      operator('plain', { kind: 'process', declared: declared([], [{ ...list('buffer'), redistribution: 'union' }]) }),
      operator('was-source', { kind: 'map' }),
    ];

    expect(verdicts(before, job)).toStrictEqual([
      ['keyed', 'timers', 'restored'],
      ['plain', 'list buffer', 'incompatible'],
      ['plain', 'list other', 'dropped'],
      ['plain', 'list async/in-flight', 'dropped'],
      ['was-source', 'splits', 'dropped'],
    ]);
  });

  test('is alarming when something would be lost or refused', () => {
    const all = ['restored', 'redistributed', 'migrated', 'new', 'dropped', 'incompatible', 'unknown'] as const;

    expect(all.filter((verdict) => isAlarming({ uid: 'a', what: 'b', verdict, detail: '' }))).toStrictEqual([
      'dropped',
      'incompatible',
      'unknown',
    ]);
  });
});

const plain: ProcessFunction<unknown, string> = {
  open: (context) => {
    context.operatorState.list(operatorListState<string>({ name: 'buffer', redistribution: 'union' }));
    context.metrics.counter('seen').add();
  },
  process: () => undefined,
};

const keyed: KeyedProcessFunction<string, string> = {
  open: ({ state }) => {
    state.value(valueState<number>({ name: 'visits', version: 2, migrate: () => 0 }));
    state.list(listState<number>({ name: 'orders' }));
    state.map(mapState<number>({ name: 'results' }));
  },
  process: () => undefined,
};

test('the states of a job are those that its functions declare when they open', () => {
  const job = defineJob('states', (flow) => {
    flow
      .source(generatorSource({ next: () => ({ value: Buffer.alloc(0) }), count: 1, splits: 1, seed: 1 }), {
        uid: 'in',
      })
      .process(plain, { uid: 'plain' })
      .keyBy((text) => text)
      .process(keyed, { uid: 'keyed' })
      .map((): OutputRecord => ({ topic: 't', key: undefined, value: Buffer.alloc(0), headers: {} }))
      .sinkTo(fileSink({ path: 'out' }), { uid: 'out' });
  });
  const { nodes } = buildGraph(job, {}, { parallelism: 1, maxParallelism: 128 });
  const of = (uid: string): unknown =>
    recordStates(
      nodes.find((node) => node.uid === uid)!,
      'states',
    );

  expect(of('plain')).toStrictEqual({
    kind: 'declared',
    states: [],
    lists: [{ name: 'buffer', redistribution: 'union' }],
  });
  expect(of('keyed')).toMatchObject({
    states: [
      { name: 'visits', kind: 'value', version: 2, serializer: MSGPACK, canMigrate: true },
      { name: 'orders', kind: 'list', version: 1, canMigrate: false },
      { name: 'results', kind: 'map' },
    ],
  });
  expect(of('in')).toStrictEqual({ kind: 'declared', states: [], lists: [] });
});

function verdicts(before: readonly OperatorInventory[], job: readonly JobOperator[]): string[][] {
  return compareStates({ operators: before }, job).map(({ uid, what, verdict }) => [uid, what, verdict]);
}

function stored(uid: string, change: Partial<OperatorInventory>): OperatorInventory {
  return {
    uid,
    name: uid,
    parallelism: 2,
    maxParallelism: 128,
    hashId: 'hash/1',
    states: [],
    keyedBytes: 10,
    segments: 1,
    lists: [],
    splits: 0,
    finishedSplits: 0,
    finishedSubtasks: 0,
    ...change,
  };
}

function operator(uid: string, change: Partial<JobOperator>): JobOperator {
  return {
    uid,
    kind: 'keyed-process',
    parallelism: 2,
    maxParallelism: 128,
    hashId: 'hash/1',
    declared: declared([]),
    ...change,
  };
}

function declared(
  states: Extract<JobOperator['declared'], { kind: 'declared' }>['states'],
  lists: Extract<JobOperator['declared'], { kind: 'declared' }>['lists'] = [],
): JobOperator['declared'] {
  return { kind: 'declared', states, lists };
}

function value(name: string): {
  name: string;
  kind: 'value';
  version: number;
  serializer: string;
  canMigrate: boolean;
} {
  return { name, kind: 'value', version: 1, serializer: MSGPACK, canMigrate: false };
}

function timers(time: string): OperatorInventory['states'][number] {
  return { name: `timers/${time}`, kind: 'timers', version: 1, serializer: 'timer/1' };
}

function list(name: string): { name: string; redistribution: 'split'; elements: number } {
  return { name, redistribution: 'split', elements: 3 };
}
