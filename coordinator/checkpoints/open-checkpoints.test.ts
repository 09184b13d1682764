import { describe, expect, test } from 'vitest';
import { parseAttemptNumber, parseLeaderEpoch } from '../../shared/ids.ts';
import {
  A,
  B,
  CheckpointBench,
  id,
  IDENTITY,
  NOTHING_STORED,
  prepared,
  SINK_UID,
  twoByTwo,
} from './checkpoints-testing.ts';
import { openCheckpoints, storedOf } from './open-checkpoints.ts';
import type { StoredCheckpoints } from './open-checkpoints.ts';

describe('a new leader', () => {
  test('that finds nothing half done may deploy or adopt at once', () => {
    expect(new CheckpointBench().news()).toStrictEqual(['ready']);
    expect(new CheckpointBench({}, found('marked')).news()).toStrictEqual(['ready']);
  });

  test('that finds a pointer without marker finishes commits and marker first', () => {
    const bench = new CheckpointBench({}, found('committing'));

    expect(bench.sentOf('commit').map(({ committables }) => committables)).toStrictEqual([
      [{ sink: SINK_UID, committables: ['x'] }],
    ]);
    expect(bench.news()).toStrictEqual(['commit 2']);
    expect(bench.step({ kind: 'committed', checkpoint: id(2) }).news()).toStrictEqual(['write marker']);
    expect(bench.answer('marker').news()).toStrictEqual(['write ids', 'completed 2', 'ready']);
  });

  test('that finds one without committables writes the marker', () => {
    expect(new CheckpointBench({}, found('committing', [])).news()).toStrictEqual(['write marker']);
  });

  test('that finds a final pointer finishes the stop, and copies the savepoint', () => {
    const unmarked = new CheckpointBench({}, found('committing', [], 'stop'));
    expect(unmarked.forget().answer('marker').news()).toStrictEqual(['write terminal']);
    expect(unmarked.answer('terminal').news()).toStrictEqual(['completed 2', 'stopped 2', 'copy-savepoint']);

    const marked = new CheckpointBench({}, found('marked', [], 'stop'));
    expect(marked.news()).toStrictEqual(['write terminal', 'copy-savepoint']);
    expect(marked.answer('terminal').news()).toStrictEqual(['completed 2', 'stopped 2']);
    expect(
      marked.step({ kind: 'savepoint-copied', checkpoint: id(2), directory: 'd', failure: undefined }).news(),
    ).toStrictEqual([]);
  });

  test('that adopts tells every task manager that all open ids of the former leader are void, then triggers', () => {
    const bench = new CheckpointBench({}, { ...found('marked'), reservedTo: 100n });
    bench.forget().step({ kind: 'adopted', participants: twoByTwo() });

    expect(bench.sentOf('announce')).toStrictEqual(
      [A, B].map((to) => ({ kind: 'announce', to, completed: id(2), issued: id(100), pending: [] })),
    );
    expect(bench.answer('ids').sentOf('trigger')[0]).toMatchObject({ checkpoint: id(101), completed: id(2) });
  });

  test('takes no attempt before it is ready', () => {
    const bench = new CheckpointBench({}, found('committing')).step({ kind: 'started', participants: twoByTwo() });

    expect(bench.state.participants).toBeUndefined();
  });

  test('that is told to end while it replays finishes the replay', () => {
    const bench = new CheckpointBench({}, found('committing')).forget().step({ kind: 'end' });
    expect(bench.news()).toStrictEqual([]);

    expect(
      bench
        .step({ kind: 'committed', checkpoint: id(2) })
        .answer('marker')
        .news(),
    ).toContain('settled');
  });
});

test('the next attempt under the same leader goes on with the records of the one before', () => {
  const bench = CheckpointBench.running().complete(1).step({ kind: 'end' });
  const stored = storedOf(bench.state);
  const identity = { ...IDENTITY, attempt: parseAttemptNumber(4), leaderEpoch: parseLeaderEpoch(7n) };
  const opened = openCheckpoints(identity, bench.state.settings, stored, { now: 0, wallMs: 0 });

  expect(opened.send).toStrictEqual([{ kind: 'ready' }]);
  expect(opened.state.revisions).toStrictEqual(bench.state.revisions);
  expect(opened.state.ids.lastTaken).toBe(bench.state.ids.reservedTo);
});

/** What stands in the records when a leader dies with checkpoint 2. */
function found(
  at: 'committing' | 'marked',
  committables: readonly string[] = ['x'],
  final?: 'stop',
): StoredCheckpoints {
  const bench = CheckpointBench.running().complete(1);
  if (final === undefined) {
    bench.tick(1_000);
  } else {
    bench.step({ kind: 'savepoint-wanted', request: 1, directory: 'd', mode: final });
  }
  const all = committables.map((committable) => prepared(committable, 2));
  const { completing } = bench.ackAll(2, all).created(2).state;
  if (completing === undefined) {
    return NOTHING_STORED;
  }
  return {
    reservedTo: 100n,
    pointer: { pointer: completing.pointer, metadata: completing.metadata },
    marker: at === 'marked' ? completing.checkpoint : undefined,
    revisions: { ids: 1n, pointer: 2n, marker: at === 'marked' ? 3n : 0n },
  };
}
