import { describe, expect, test } from 'vitest';
import {
  A,
  ackOf,
  B,
  CheckpointBench,
  id,
  prepared,
  SINK,
  SINK_UID,
  SOURCE,
  subtask,
  twoByTwo,
} from './checkpoints-testing.ts';

describe('a checkpoint', () => {
  test('follows at once on the start, when ids are reserved, and is triggered at the sources', () => {
    const bench = new CheckpointBench().step({ kind: 'started', participants: twoByTwo() });
    expect(bench.news()).toStrictEqual(['write ids', 'ready']);

    bench.answer('ids');

    expect(bench.sentOf('trigger').map(({ to, checkpoint, subtasks }) => [to, checkpoint, subtasks])).toStrictEqual([
      [A, 1n, [subtask(SOURCE, 0)]],
      [B, 1n, [subtask(SOURCE, 1)]],
    ]);
  });

  test('goes metadata, pointer, commits, marker, tasks, and never one step before the answer to the last', () => {
    const bench = CheckpointBench.running().forget();

    const news = [
      bench.ack(A, 1, { committables: [prepared('x', 1)] }).news(),
      bench.ack(B, 1).news(),
      bench.created(1).news(),
      bench.answer('pointer').news(),
      bench.step({ kind: 'committed', checkpoint: id(1) }).news(),
      bench.answer('marker').news(),
    ];

    expect(news).toStrictEqual([
      [],
      ['put 1'],
      ['write pointer'],
      ['commit 1'],
      ['write marker'],
      ['completed 1', 'complete 1'],
    ]);
  });

  test('commits what the sinks prepared, by sink; without any the marker follows the pointer', () => {
    const bench = CheckpointBench.running()
      .ackAll(1, [prepared('x', 1), prepared('y', 1)])
      .created(1)
      .answer('pointer');
    const without = CheckpointBench.running().ackAll(1).created(1).forget().answer('pointer');

    expect(bench.sentOf('commit').map(({ committables }) => committables)).toStrictEqual([
      [{ sink: SINK_UID, committables: ['x', 'y'] }],
    ]);
    expect(without.news()).toStrictEqual(['write marker']);
  });

  test('compares in each write the leader, the revision that is replaced and, for the pointer, the attempt', () => {
    const bench = CheckpointBench.running().complete(1).forget().tick(1_000).complete(2);
    const records = bench.persisted.filter((effect) => effect.kind === 'put-record');

    expect(
      records.map(({ record, expectedRevision, leaderEpoch, attemptRevision }) => [
        record.kind,
        expectedRevision,
        leaderEpoch,
        attemptRevision,
      ]),
    ).toStrictEqual([
      ['pointer', 102n, 7n, 70n],
      ['marker', 103n, 7n, undefined],
    ]);
  });

  test('comes again after the interval, and not before the pause after the last one is over', () => {
    const bench = CheckpointBench.running({ minPauseMs: 500 });
    bench.now += 900;
    bench.complete(1).forget();

    expect(bench.tick(100).news()).toStrictEqual([]);
    expect(bench.tick(399).news()).toStrictEqual([]);
    expect(bench.tick(1).news()).toStrictEqual(['trigger 2']);
  });

  test('comes early when some state asks for it, the pause apart', () => {
    const bench = CheckpointBench.running({ intervalMs: 60_000, minPauseMs: 50 }).complete(1).forget();

    expect(bench.step({ kind: 'checkpoint-wanted' }).news()).toStrictEqual([]);
    expect(bench.tick(50).news()).toStrictEqual(['trigger 2']);
  });

  test('is not begun between the last one of a subtask and the report of its end', () => {
    const bench = CheckpointBench.running().ack(A, 1, { isFinished: true }).ack(B, 1);
    bench.created(1).answer('pointer').answer('marker').forget();

    expect(bench.tick(1_000).news()).toStrictEqual([]);
    bench.step({ kind: 'subtask-finished', subtask: subtask(SINK, 0) });

    expect(bench.tick(0).news()).toStrictEqual(['trigger 2']);
  });

  test('keeps as many as are retained in its pointer, itself the last', () => {
    const bench = CheckpointBench.running({ retained: 2 });
    for (const checkpoint of [1, 2, 3]) {
      bench.complete(checkpoint).tick(1_000);
    }

    expect(bench.state.completed?.pointer.retained.map(({ checkpoint }) => checkpoint)).toStrictEqual([2n, 3n]);
    expect(bench.state.completed?.pointer.metadataKey).toBe('jobs/job/checkpoints/7-3/metadata');
  });

  test('waits while some subtask does not run yet, and none is left when all have finished', () => {
    const starting = new CheckpointBench();
    const participants = twoByTwo();
    const vertex = participants.vertices.get(SINK);
    const vertices = new Map(participants.vertices);
    vertices.set(SINK, { inputs: [], operators: [], ...vertex, subtasks: [{ taskManager: A, state: 'starting' }] });
    starting.step({ kind: 'started', participants: { vertices } }).answer('ids');
    expect(starting.sentOf('trigger')).toStrictEqual([]);

    const done = CheckpointBench.running().complete(1).forget();
    for (const vertexId of [SOURCE, SINK]) {
      done.step({ kind: 'subtask-finished', subtask: subtask(vertexId, 0) });
      done.step({ kind: 'subtask-finished', subtask: subtask(vertexId, 1) });
    }
    done.tick(5_000).step({ kind: 'savepoint-wanted', request: 1, directory: 'd', mode: 'go-on' });
    expect(done.news()).toStrictEqual(['answer-savepoint']);
  });
});

describe('checkpoint ids', () => {
  test('are reserved in blocks, in good time, each taken once', () => {
    const bench = CheckpointBench.running({ idBlock: 4 });
    const reserved = (): unknown[] =>
      bench.persisted.flatMap((e) => (e.kind === 'put-record' && e.record.kind === 'ids' ? [e.record.reservedTo] : []));
    bench.complete(1).tick(1_000);
    expect(reserved()).toStrictEqual([4n, 8n]);

    bench.complete(2).tick(1_000).complete(3).tick(1_000).complete(4).forget();

    expect(bench.tick(1_000).news()).toStrictEqual([]);
    expect(bench.answer('ids').news()).toStrictEqual(['trigger 5']);
  });

  test('of a former leader are burnt, used or not', () => {
    const bench = new CheckpointBench({}, { ...emptyStored(), reservedTo: 40n });
    bench.step({ kind: 'started', participants: twoByTwo() }).answer('ids');

    expect(bench.sentOf('trigger')[0]?.checkpoint).toBe(41n);
  });

  test('whose reservation is in doubt, or refused, are asked for again, the same, and not used', () => {
    const bench = new CheckpointBench().step({ kind: 'started', participants: twoByTwo() });
    const first = bench.persisted[0];
    bench.answer('ids', 'ambiguous').tick(50).answer('ids', 'refused').tick(100);

    expect(bench.persisted).toStrictEqual([first, first, first]);
    expect(bench.sentOf('trigger')).toStrictEqual([]);
    expect(bench.answer('ids').sentOf('trigger')).not.toStrictEqual([]);
  });
});

describe('an ambiguous answer', () => {
  test.each(['pointer', 'marker', 'terminal'] as const)(
    'about the %s repeats that very transaction until it is definite',
    (record) => {
      const bench = CheckpointBench.running();
      if (record === 'terminal') {
        bench.complete(1).step({ kind: 'savepoint-wanted', request: 1, directory: 'd', mode: 'stop' });
      }
      const checkpoint = record === 'terminal' ? 2 : 1;
      bench.ackAll(checkpoint).created(checkpoint);
      for (const before of ['pointer', 'marker', 'terminal'] as const) {
        if (before === record) {
          break;
        }
        bench.answer(before);
      }
      const asked = bench.persisted.at(-1);
      bench.forget().answer(record, 'ambiguous');

      expect(bench.tick(49).news()).toStrictEqual([]);
      bench.tick(1);
      expect(bench.persisted).toStrictEqual([asked]);
      bench.answer(record, 'ambiguous').tick(99);
      expect(bench.persisted).toHaveLength(1);
      bench.tick(1);
      expect(bench.persisted).toStrictEqual([asked, asked]);
      expect(bench.sent).toStrictEqual([]);
    },
  );

  test('about the pointer is waited for past every timeout, and past the end of the attempt', () => {
    const bench = CheckpointBench.running().ackAll(1).created(1).answer('pointer', 'ambiguous').forget();

    bench.tick(1_000_000).step({ kind: 'end' });
    expect(bench.news()).toStrictEqual(['write pointer']);
    expect(bench.answer('pointer').news()).toStrictEqual(['write marker']);
    expect(bench.answer('marker').news()).toStrictEqual(['completed 1', 'complete 1', 'settled']);
  });

  test('about the metadata object repeats the put, until the checkpoint expires', () => {
    const bench = CheckpointBench.running({ timeoutMs: 1_000 }).ackAll(1).forget();
    bench.step({ kind: 'object-answered', checkpoint: id(1), answer: { kind: 'ambiguous' } });

    expect(bench.tick(50).news()).toStrictEqual(['put 1']);
    bench.tick(950);
    expect(bench.sentence()).toBe(
      'Checkpoint 1 failed after 1000 ms (expired): the snapshot store had not taken the metadata object.',
    );
    expect(bench.created(1).sentOf('commit')).toStrictEqual([]);
  });
});

describe('a definite refusal', () => {
  test('of the pointer aborts; but not of a repeated one, since an earlier copy may still land', () => {
    const refused = CheckpointBench.running().ackAll(1).created(1).forget().answer('pointer', 'refused');
    const doubtful = CheckpointBench.running().ackAll(1).created(1).answer('pointer', 'ambiguous').tick(50).forget();

    expect(refused.sentence()).toContain('its pointer was refused (no-space)');
    expect(doubtful.answer('pointer', 'refused').news()).toStrictEqual([]);
    expect(doubtful.tick(100).news()).toStrictEqual(['write pointer']);
  });

  test.each([
    [{ kind: 'exists' }, 'holds other bytes'],
    [
      { kind: 'refused', failure: { code: 'denied', reaction: 'retry', message: '' } },
      'refused the metadata object (denied)',
    ],
  ] as const)('of the metadata object aborts: %j', (answer, sentence) => {
    const bench = CheckpointBench.running()
      .ackAll(1)
      .step({ kind: 'object-answered', checkpoint: id(1), answer });

    expect(bench.sentence()).toContain(sentence);
    expect(bench.state.failuresInARow).toBe(1);
  });

  test('by the fence ends everything: nothing is told, aborted or written any more', () => {
    const bench = CheckpointBench.running().ackAll(1).created(1).forget().answer('pointer', 'fenced');
    expect(bench.news()).toStrictEqual(['fenced']);

    bench.tick(100_000).step({ kind: 'end' }).answer('pointer');

    expect(bench.news()).toStrictEqual([]);
  });
});

describe('a checkpoint that is late', () => {
  test('is explained by the subtask that is missing, and what it waited for', () => {
    const bench = CheckpointBench.running({ timeoutMs: 2_000 }).ack(A, 1);
    bench.step({
      kind: 'progress',
      checkpoint: id(1),
      stages: [{ subtask: subtask(SOURCE, 1), stage: { kind: 'done' } }],
    });
    bench.step({
      kind: 'progress',
      checkpoint: id(1),
      stages: [{ subtask: subtask(SINK, 1), stage: { kind: 'flushing-sink' } }],
    });
    bench.tick(2_000);

    expect(bench.sentence()).toBe(
      'Checkpoint 1 failed after 2000 ms (expired): sink#1 on task manager tm-b waited for the last writes of its sink; also missing: source#1.',
    );
    expect(bench.sentOf('abort').map(({ to }) => to)).toStrictEqual([A, B]);
  });

  test('names first who does not wait for somebody else', () => {
    const bench = CheckpointBench.running({ timeoutMs: 2_000 });
    const stages = [
      [subtask(SINK, 0), { kind: 'waiting-for-barriers', from: ['source#1'] }],
      [subtask(SOURCE, 1), { kind: 'waiting-for-operator' }],
    ] as const;
    stages.forEach(([key, stage]) =>
      bench.step({ kind: 'progress', checkpoint: id(1), stages: [{ subtask: key, stage }] }),
    );
    bench.tick(2_000);

    expect(bench.sentence()).toContain(
      'source#1 on task manager tm-b waited for a record that an operator has not finished',
    );
  });

  test.each([
    [undefined, 'its barrier, or its answer'],
    [{ kind: 'waiting-for-barriers', from: [] }, 'its barriers'],
    [{ kind: 'waiting-for-barriers', from: ['a#0', 'a#1', 'a#2', 'a#3'] }, 'the barriers of a#0, a#1, a#2 and 1 more'],
    [{ kind: 'writing-state' }, 'its state to be stored'],
    [{ kind: 'done' }, "its task manager's acknowledgement"],
  ] as const)('says what a stage %j waits for', (stage, words) => {
    const bench = CheckpointBench.running({ timeoutMs: 2_000 }).ack(A, 1);
    for (const vertex of [SOURCE, SINK]) {
      if (stage !== undefined) {
        bench.step({ kind: 'progress', checkpoint: id(1), stages: [{ subtask: subtask(vertex, 1), stage }] });
      }
    }
    bench.tick(2_000);

    expect(bench.sentence()).toContain(`waited for ${words}`);
  });
});

describe('failed checkpoints', () => {
  test('are borne as long as they are tolerable, then the attempt is restarted from the last good one', () => {
    const bench = CheckpointBench.running({ tolerableFailures: 1 });
    decline(bench, 1).tick(1_000).forget();
    decline(bench, 2);

    expect(bench.news()).toStrictEqual(['failed 2', 'abort 2', 'restart-attempt', 'settled']);
    expect(bench.state.phase).toBe('settled');
  });

  test('count in a row: one that completes begins anew', () => {
    const bench = CheckpointBench.running({ tolerableFailures: 1 });
    decline(bench, 1).tick(1_000).complete(2).tick(1_000);
    decline(bench, 3);

    expect(bench.state.phase).toBe('open');
  });

  test('that only follow from something else do not count', () => {
    const bench = CheckpointBench.running({ tolerableFailures: 0 });
    bench.step({
      kind: 'declined',
      checkpoint: id(1),
      subtask: subtask(SINK, 0),
      cause: 'cancelled',
      detail: 'had no leader',
    });
    bench.tick(1_000).step({ kind: 'task-manager-back', taskManager: B });
    bench.tick(1_000).step({ kind: 'subtask-finished', subtask: subtask(SOURCE, 0) });

    expect(bench.sentOf('failed').map(({ reason }) => reason)).toStrictEqual([
      'cancelled',
      'task-manager-lost',
      'subtask-finished',
    ]);
    expect(bench.state.failuresInARow).toBe(0);
  });

  test('that are late are not heeded any more, whatever comes', () => {
    const bench = decline(CheckpointBench.running(), 1).forget();
    bench
      .ackAll(1)
      .created(1)
      .answer('pointer')
      .step({ kind: 'committed', checkpoint: id(1) });
    decline(bench, 1).step({ kind: 'commit-broken', checkpoint: id(1), failure: LOST });

    expect(bench.news()).toStrictEqual([]);
    expect(bench.state.phase).toBe('open');
  });
});

describe('concurrent checkpoints', () => {
  test('go one behind the other: no pointer of the next before the marker of the one before', () => {
    const bench = CheckpointBench.running({ concurrentMax: 2 }).tick(1_000);
    bench.ackAll(1).ackAll(2).created(1).answer('pointer').forget();

    expect(bench.answer('marker').news()).toStrictEqual(['put 2', 'completed 1', 'complete 1']);
  });

  test('that are overtaken are subsumed', () => {
    const bench = CheckpointBench.running({ concurrentMax: 2 }).tick(1_000).ackAll(2).created(2).answer('pointer');

    expect(bench.sentence()).toContain('(subsumed): checkpoint 2 completed first');
  });

  test('are no more than allowed, one that waits for its commits included', () => {
    const bench = CheckpointBench.running()
      .ackAll(1, [prepared('x', 1)])
      .created(1)
      .answer('pointer')
      .forget();

    expect(bench.tick(10_000).news()).toStrictEqual([]);
  });
});

describe('prepared output', () => {
  test('of an aborted checkpoint is committed with the next one', () => {
    const bench = CheckpointBench.running().ack(A, 1, { committables: [prepared('x', 1)] });
    decline(bench, 1)
      .tick(1_000)
      .ackAll(2, [prepared('x', 1), prepared('y', 2)])
      .created(2)
      .answer('pointer');

    expect(bench.sentOf('commit').map(({ committables }) => committables)).toStrictEqual([
      [{ sink: SINK_UID, committables: ['x', 'y'] }],
    ]);
  });

  test('that an acknowledgement leaves out stops it: it would be lost', () => {
    const bench = CheckpointBench.running().ack(A, 1, { committables: [prepared('x', 1)] });
    decline(bench, 1)
      .tick(1_000)
      .forget()
      .ack(A, 2, { committables: [prepared('y', 2)] });

    expect(bench.sentence()).toContain('sink#0 left out output of sink sink that it had prepared before');
    expect(bench.state.phase).toBe('settled');
  });

  test('is also missed in an acknowledgement that comes too late for its checkpoint', () => {
    const bench = CheckpointBench.running().ack(A, 1, { committables: [prepared('x', 1)] });
    decline(bench, 1).tick(1_000);
    decline(bench, 2).forget().ack(A, 2);

    expect(bench.sentOf('restart-attempt').map(({ failure }) => failure.code)).toStrictEqual(['committable-missing']);
  });

  test('that a marker covers is not committed again, though a task manager that has not heard of it names it', () => {
    const bench = CheckpointBench.running()
      .complete(1, [prepared('x', 1)])
      .tick(1_000);
    bench
      .ackAll(2, [prepared('x', 1), prepared('y', 2)])
      .created(2)
      .forget()
      .answer('pointer');

    expect(bench.sentOf('commit')[0]?.committables).toStrictEqual([{ sink: SINK_UID, committables: ['y'] }]);
    expect(bench.state.completing?.metadata.operators[1]?.subtasks[0]?.committables).toStrictEqual(['y']);
  });

  test('that was acknowledged with the one before, and completed meanwhile, is not committed again either', () => {
    const bench = CheckpointBench.running({ concurrentMax: 2 }).tick(1_000);
    bench.ackAll(1, [prepared('x', 1)]).ackAll(2, [prepared('x', 1), prepared('y', 2)]);
    bench
      .created(1)
      .answer('pointer')
      .step({ kind: 'committed', checkpoint: id(1) })
      .answer('marker');
    bench.created(2).forget().answer('pointer');

    expect(bench.sentOf('commit')[0]?.committables).toStrictEqual([{ sink: SINK_UID, committables: ['y'] }]);
  });

  test('older than half of its timeout has no pointer: the attempt restarts from the checkpoint before', () => {
    const bench = CheckpointBench.running()
      .ackAll(1, [prepared('x', 1, 4_000)])
      .forget();
    bench.now += 1_001;
    bench.created(1);

    expect(bench.news()).toStrictEqual(['failed 1', 'abort 1', 'restart-attempt', 'settled']);
  });

  test('that grows too old while no checkpoint completes restarts the attempt without waiting for one', () => {
    const bench = CheckpointBench.running().ack(A, 1, { committables: [prepared('x', 1, 4_000)] });

    expect(bench.tick(1_000).state.phase).toBe('open');
    bench.tick(1);
    expect(bench.sentOf('restart-attempt')[0]?.failure.message).toContain(
      'sink#0 prepared output of sink sink 5001 ms ago',
    );
  });

  test('that is on its way to be committed may grow older', () => {
    const bench = CheckpointBench.running()
      .ackAll(1, [prepared('x', 1, 4_000)])
      .created(1)
      .answer('pointer')
      .forget();

    expect(bench.tick(6_000).news()).toStrictEqual([]);
  });

  test('that is lost fails the job, loudly, and the marker is never written', () => {
    const bench = CheckpointBench.running()
      .ackAll(1, [prepared('x', 1)])
      .created(1)
      .answer('pointer')
      .forget();
    bench
      .step({ kind: 'commit-broken', checkpoint: id(1), failure: LOST })
      .step({ kind: 'committed', checkpoint: id(1) });

    expect(bench.sentOf('fail-job').map(({ failure }) => failure)).toStrictEqual([LOST]);
    expect(bench.news()).toStrictEqual(['fail-job']);
  });
});

describe('an acknowledgement', () => {
  test('that comes twice, from a stranger, or for less than it should, does no harm', () => {
    const bench = CheckpointBench.running();
    expect(bench.ack(A, 1).ack(A, 1).state.pending.get(id(1))?.acks.size).toBe(1);

    const { subtasks, ...rest } = ackOf(B, 1);
    bench.step({ kind: 'acknowledged', ack: { ...rest, subtasks: subtasks.slice(1) } });
    expect(bench.sentence()).toContain(
      '(ack-unusable): the acknowledgement of task manager tm-b does not describe source#1',
    );
  });

  test('that describes a subtask of somebody else is refused', () => {
    const bench = CheckpointBench.running();
    const more = ackOf(A, 1).subtasks;
    const ack = ackOf(B, 1);
    bench.step({ kind: 'acknowledged', ack: { ...ack, subtasks: [...ack.subtasks, ...more] } });

    expect(bench.sentence()).toContain('describes subtasks that are not its own');
  });

  test('by differences to a checkpoint that is not the last completed one is refused', () => {
    const bench = CheckpointBench.running().ack(A, 1);
    bench.ack(B, 1, { keyed: { kind: 'since', checkpoint: id(9), kept: [], added: [] } });

    expect(bench.sentence()).toContain('sink#1 described its state by checkpoint 9, but none is known');
  });
});

describe('a savepoint', () => {
  test('is an ordinary checkpoint that is taken at once, pinned, and copied behind its marker', () => {
    const bench = CheckpointBench.running().complete(1).forget();
    bench.step({ kind: 'savepoint-wanted', request: 5, directory: 'd', mode: 'go-on' });
    expect(bench.news()).toStrictEqual(['trigger 2']);

    bench.complete(2);
    expect(bench.state.completed?.pointer.pins.map(({ directory }) => directory)).toStrictEqual(['d']);
    expect(bench.sentOf('copy-savepoint').map(({ pin }) => pin.checkpoint)).toStrictEqual([2n]);
    expect(bench.sentOf('answer-savepoint')).toStrictEqual([]);

    bench.step({ kind: 'savepoint-copied', checkpoint: id(2), directory: 'd', failure: undefined });
    expect(bench.sentOf('answer-savepoint').map(({ request, answer }) => [request, answer])).toStrictEqual([
      [5, { kind: 'done', checkpoint: id(2), directory: 'd' }],
    ]);
  });

  test('stays pinned in the pointers that follow until it is copied', () => {
    const bench = CheckpointBench.running().complete(1);
    bench
      .step({ kind: 'savepoint-wanted', request: 5, directory: 'd', mode: 'go-on' })
      .complete(2)
      .tick(1_000)
      .complete(3);
    expect(bench.state.completed?.pointer.pins.map(({ checkpoint }) => checkpoint)).toStrictEqual([2n]);

    bench
      .step({ kind: 'savepoint-copied', checkpoint: id(2), directory: 'd', failure: LOST })
      .tick(1_000)
      .complete(4);
    expect(bench.state.completed?.pointer.pins).toStrictEqual([]);
    expect(bench.sentOf('answer-savepoint')[0]?.answer).toStrictEqual({ kind: 'failed', failure: LOST });
  });

  test('is not overtaken, and serves all who asked', () => {
    const bench = CheckpointBench.running({ concurrentMax: 2 });
    bench.step({ kind: 'savepoint-wanted', request: 1, directory: 'd1', mode: 'go-on' });
    bench.step({ kind: 'savepoint-wanted', request: 2, directory: 'd2', mode: 'go-on' }).forget();

    expect(bench.tick(10_000).news()).toStrictEqual([]);
    bench.complete(2);
    expect(bench.sentOf('copy-savepoint').map(({ pin }) => pin.directory)).toStrictEqual(['d1']);
    expect(bench.sentOf('trigger').map(({ checkpoint }) => checkpoint)).toContain(3n);
  });

  test('whose checkpoint fails is answered with the reason', () => {
    const bench = CheckpointBench.running().complete(1);
    bench.step({ kind: 'savepoint-wanted', request: 1, directory: 'd', mode: 'go-on' });
    decline(bench, 2);

    expect(bench.sentOf('answer-savepoint')[0]?.answer).toMatchObject({
      kind: 'failed',
      failure: { message: bench.sentence() },
    });
  });

  test('is refused when too many wait, and when a leader is fenced', () => {
    const bench = CheckpointBench.running();
    for (let request = 1; request <= 101; request += 1) {
      bench.step({ kind: 'savepoint-wanted', request, directory: `d${request}`, mode: 'go-on' });
    }
    expect(bench.sentOf('answer-savepoint').map(({ request }) => request)).toStrictEqual([101]);

    bench.forget().ackAll(1).created(1).answer('pointer', 'fenced');
    expect(bench.sentOf('answer-savepoint')).toHaveLength(100);
  });
});

describe('a stop', () => {
  test('carries final in its pointer: commits, marker, terminal record, tasks, savepoint, answer', () => {
    const bench = CheckpointBench.running().complete(1).forget();
    bench.step({ kind: 'savepoint-wanted', request: 1, directory: 'd', mode: 'drain' });
    expect(bench.sentOf('trigger')[0]?.final).toBe('drain');
    bench
      .ackAll(2, [prepared('x', 2)])
      .created(2)
      .answer('pointer')
      .step({ kind: 'committed', checkpoint: id(2) });
    expect(bench.forget().answer('marker').news()).toStrictEqual(['write terminal']);

    expect(bench.answer('terminal').news()).toStrictEqual(['completed 2', 'complete 2', 'stopped 2', 'copy-savepoint']);
    expect(bench.tick(100_000).step({ kind: 'end' }).news()).toStrictEqual([]);
    bench.step({ kind: 'savepoint-copied', checkpoint: id(2), directory: 'd', failure: undefined });
    expect(bench.news()).toStrictEqual(['answer-savepoint']);
  });

  test('that fails restarts the attempt: its sources have stopped', () => {
    const bench = CheckpointBench.running().complete(1);
    bench.step({ kind: 'savepoint-wanted', request: 1, directory: 'd', mode: 'stop' });
    decline(bench, 2);

    expect(bench.sentOf('restart-attempt')[0]?.failure.code).toBe('stop-failed');
    expect(bench.sentOf('answer-savepoint')).toHaveLength(1);
  });

  test('lets no other request in, and not two ways to stop', () => {
    const bench = CheckpointBench.running();
    bench.step({ kind: 'savepoint-wanted', request: 1, directory: 'a', mode: 'stop' });
    bench.step({ kind: 'savepoint-wanted', request: 2, directory: 'b', mode: 'drain' });
    expect(bench.sentOf('answer-savepoint').map(({ request }) => request)).toStrictEqual([2]);

    bench.complete(1).forget().step({ kind: 'savepoint-wanted', request: 3, directory: 'c', mode: 'go-on' });
    expect(bench.sentOf('answer-savepoint').map(({ request }) => request)).toStrictEqual([3]);
  });
});

describe('the end of an attempt', () => {
  test('aborts what has no pointer, and is settled at once when nothing is in doubt', () => {
    const bench = CheckpointBench.running().ackAll(1).forget().step({ kind: 'end' });

    expect(bench.news()).toStrictEqual(['failed 1', 'abort 1', 'settled']);
    expect(bench.step({ kind: 'end' }).tick(60_000).news()).toStrictEqual([]);
  });

  test('finishes a commit that has begun first', () => {
    const bench = CheckpointBench.running()
      .ackAll(1, [prepared('x', 1)])
      .created(1)
      .answer('pointer')
      .forget();
    bench.step({ kind: 'end' });

    expect(bench.news()).toStrictEqual([]);
    expect(bench.step({ kind: 'committed', checkpoint: id(1) }).news()).toStrictEqual(['write marker']);
    expect(bench.answer('marker').news()).toStrictEqual(['completed 1', 'complete 1', 'settled']);
  });

  test('waits for a reservation in doubt, so that the next attempt knows what it replaces', () => {
    const bench = new CheckpointBench().step({ kind: 'started', participants: twoByTwo() }).answer('ids', 'ambiguous');
    bench.forget().step({ kind: 'end' });

    expect(bench.news()).toStrictEqual([]);
    expect(bench.tick(50).news()).toStrictEqual(['write ids']);
    expect(bench.answer('ids').news()).toStrictEqual(['settled']);
  });

  test('answers whoever waits for a savepoint', () => {
    const bench = CheckpointBench.running().step({
      kind: 'savepoint-wanted',
      request: 1,
      directory: 'd',
      mode: 'go-on',
    });
    bench.step({ kind: 'end' });

    expect(bench.sentOf('answer-savepoint')).toHaveLength(1);
    bench.step({ kind: 'savepoint-wanted', request: 2, directory: 'd', mode: 'go-on' });
    expect(bench.sentOf('answer-savepoint')).toHaveLength(2);
  });
});

describe('a task manager that comes back', () => {
  test('is told where things stand, and what it had not acknowledged is aborted', () => {
    const bench = CheckpointBench.running({ concurrentMax: 2 }).tick(1_000).ack(B, 2).forget();
    bench.step({ kind: 'task-manager-back', taskManager: B });

    expect(bench.sentOf('failed').map(({ checkpoint }) => checkpoint)).toStrictEqual([1n]);
    expect(bench.sentOf('announce')).toStrictEqual([
      { kind: 'announce', to: B, completed: undefined, issued: id(2), pending: [id(2)] },
    ]);
  });
});

const LOST = { code: 'exactly-once-violation', reaction: 'fail-job', message: 'a transaction expired' } as const;

function decline(bench: CheckpointBench, checkpoint: number): CheckpointBench {
  const cause = 'failed';
  return bench.step({
    kind: 'declined',
    checkpoint: id(checkpoint),
    subtask: subtask(SINK, 0),
    cause,
    detail: 'failed',
  });
}

function emptyStored(): ConstructorParameters<typeof CheckpointBench>[1] & object {
  return { reservedTo: 0n, pointer: undefined, marker: undefined, revisions: { ids: 0n, pointer: 0n, marker: 0n } };
}
