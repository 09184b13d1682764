import { describe, expect, test } from 'vitest';
import { parseJobId, parseOperatorUid } from '../../shared/ids.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { areAllCommitted, beginCommits, COMMIT_BACKOFF, onCommitAnswer, onCommitTick } from './commit-step.ts';
import type { Commits, CommitStep } from './commit-step.ts';

const jobId = parseJobId('j');
const a = parseOperatorUid('a');
const b = parseOperatorUid('b');
const later: Failure = { code: 'busy', reaction: 'retry', message: 'busy' };

describe('commits', () => {
  test('are one call for each sink, with everything its subtasks prepared', () => {
    const { commits, send } = begin();

    expect(send).toStrictEqual([
      { kind: 'commit', jobId, sink: a, tries: 1, committables: ['1', '2'] },
      { kind: 'commit', jobId, sink: b, tries: 1, committables: ['3'] },
    ]);
    expect(areAllCommitted(commits)).toBe(false);
  });

  test('are done when every sink has committed; a sink that prepared nothing has nothing to do', () => {
    const first = answered(begin().commits, { kind: 'committed', jobId, sink: a, tries: 1 });
    const second = answered(first, { kind: 'committed', jobId, sink: b, tries: 1 });

    expect([first, second].map(areAllCommitted)).toStrictEqual([false, true]);
    expect(areAllCommitted(beginCommits(jobId, [{ sink: a, committables: [] }]).commits)).toBe(true);
  });

  test('that fail are repeated whole after a growing delay', () => {
    const waiting = answered(begin().commits, { kind: 'commit-failed', jobId, sink: a, tries: 1, failure: later });

    expect(onCommitTick(waiting, 199)).toStrictEqual({ kind: 'going-on', commits: waiting, send: [] });
    expect(sent(onCommitTick(waiting, 200))).toStrictEqual([
      { kind: 'commit', jobId, sink: a, tries: 2, committables: ['1', '2'] },
    ]);
  });

  test('do not heed the answer to an older try', () => {
    const waiting = answered(begin().commits, { kind: 'commit-failed', jobId, sink: a, tries: 1, failure: later });
    const again = onCommitTick(waiting, 200).commits;

    expect(onCommitAnswer(again, { kind: 'committed', jobId, sink: a, tries: 1 }, 300).commits).toBe(again);
  });

  test('break at once on a failure that no repetition helps', () => {
    const lost: Failure = { code: 'part-lost', reaction: 'fail-job', message: 'gone' };
    const step = onCommitAnswer(begin().commits, { kind: 'commit-failed', jobId, sink: a, tries: 1, failure: lost }, 0);

    expect(step).toMatchObject({ kind: 'broken', failure: lost });
  });

  test('break after as many tries as the backoff allows', () => {
    let step: CommitStep = begin();
    let now = 0;
    for (let tries = 1; tries < COMMIT_BACKOFF.triesMax; tries += 1) {
      step = onCommitAnswer(step.commits, { kind: 'commit-failed', jobId, sink: a, tries, failure: later }, now);
      now += COMMIT_BACKOFF.mostMs;
      step = onCommitTick(step.commits, now);
    }
    const tries = COMMIT_BACKOFF.triesMax;
    const last = onCommitAnswer(step.commits, { kind: 'commit-failed', jobId, sink: a, tries, failure: later }, now);

    expect(step.kind).toBe('going-on');
    expect(last.kind).toBe('broken');
  });
});

function begin(): ReturnType<typeof beginCommits> {
  return beginCommits(jobId, [
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
