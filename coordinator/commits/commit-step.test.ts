import { describe, expect, test } from 'vitest';
import { parseCheckpointId, parseJobId, parseOperatorUid } from '../../shared/ids.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { areAllCommitted, beginCommits, COMMIT_BACKOFF, onCommitAnswer, onCommitTick } from './commit-step.ts';
import type { Commits, CommitStep } from './commit-step.ts';

const jobId = parseJobId('j');
const checkpoint = parseCheckpointId(7n);
const a = parseOperatorUid('a');
const b = parseOperatorUid('b');
const later: Failure = { code: 'busy', reaction: 'retry', message: 'busy' };

describe('commits', () => {
  test('are one call for each sink, with everything its subtasks prepared', () => {
    const { commits, send } = begin();

    expect(send).toStrictEqual([
      { kind: 'commit', jobId, checkpoint, sink: a, tries: 1, committables: ['1', '2'] },
      { kind: 'commit', jobId, checkpoint, sink: b, tries: 1, committables: ['3'] },
    ]);
    expect(areAllCommitted(commits)).toBe(false);
  });

  test('are done when every sink has committed; a sink that prepared nothing has nothing to do', () => {
    const first = answered(begin().commits, { kind: 'committed', jobId, checkpoint, sink: a, tries: 1 });
    const second = answered(first, { kind: 'committed', jobId, checkpoint, sink: b, tries: 1 });

    expect([first, second].map(areAllCommitted)).toStrictEqual([false, true]);
    expect(areAllCommitted(beginCommits(jobId, checkpoint, [{ sink: a, committables: [] }]).commits)).toBe(true);
  });

  test('that fail are repeated whole after a growing delay', () => {
    const waiting = answered(begin().commits, {
      kind: 'commit-failed',
      jobId,
      checkpoint,
      sink: a,
      tries: 1,
      failure: later,
    });

    expect(onCommitTick(waiting, 99)).toStrictEqual({ kind: 'going-on', commits: waiting, send: [] });
    expect(sent(onCommitTick(waiting, 100))).toStrictEqual([
      { kind: 'commit', jobId, checkpoint, sink: a, tries: 2, committables: ['1', '2'] },
    ]);
  });

  test('do not heed the answer to an older try', () => {
    const waiting = answered(begin().commits, {
      kind: 'commit-failed',
      jobId,
      checkpoint,
      sink: a,
      tries: 1,
      failure: later,
    });
    const again = onCommitTick(waiting, 100).commits;

    expect(onCommitAnswer(again, { kind: 'committed', jobId, checkpoint, sink: a, tries: 1 }, 300).commits).toBe(again);
  });

  test('break at once on a failure that no repetition helps', () => {
    const lost: Failure = { code: 'part-lost', reaction: 'fail-job', message: 'gone' };
    const step = onCommitAnswer(
      begin().commits,
      { kind: 'commit-failed', jobId, checkpoint, sink: a, tries: 1, failure: lost },
      0,
    );

    expect(step).toMatchObject({ kind: 'broken', failure: lost });
  });

  test('are never given up for what may pass', () => {
    let step: CommitStep = begin();
    let now = 0;
    for (let tries = 1; tries <= 1_000; tries += 1) {
      const event = { kind: 'commit-failed', jobId, checkpoint, sink: a, tries, failure: later } as const;
      step = onCommitAnswer(step.commits, event, now);
      now += COMMIT_BACKOFF.mostMs;
      step = onCommitTick(step.commits, now);
    }

    expect(step.kind).toBe('going-on');
  });

  test('do not heed the answer about another checkpoint', () => {
    const { commits } = begin();
    const event = { kind: 'committed', jobId, checkpoint: parseCheckpointId(6n), sink: a, tries: 1 } as const;

    expect(onCommitAnswer(commits, event, 0).commits).toBe(commits);
  });
});

function begin(): ReturnType<typeof beginCommits> {
  return beginCommits(jobId, checkpoint, [
    { sink: a, committables: ['1'] },
    { sink: b, committables: ['3'] },
    { sink: a, committables: ['2'] },
  ]);
}

function answered(commits: Commits, event: Parameters<typeof onCommitAnswer>[1]): Commits {
  return onCommitAnswer(commits, event, 0).commits;
}

function sent(step: CommitStep): unknown {
  return step.kind === 'going-on' ? step.send : [];
}
