import { expect, test } from 'vitest';
import { EXIT } from '../terminal/terminal.ts';
import { exitCodeOf, renderResult } from './run-command.ts';

const summary = { recordsIn: 2, byTopic: [['hl7.adt', 2]], deadLetters: [], duplicatesDropped: 0 } as const;
const checkpoints = { completed: 1, failed: 0 };
const failure = { code: 'x', reaction: 'fail-job', message: 'The disk is full.' } as const;

test('a run that did not finish says why, and that files show what is committed', () => {
  const finished = { state: 'finished', failure: undefined, summary, checkpoints, elapsedMs: 10 } as const;
  const failed = { state: 'failed', failure, summary, checkpoints, elapsedMs: 10 } as const;

  expect(renderResult(finished)).not.toContain('what the last completed checkpoint holds');
  expect(renderResult(failed)).toMatch(
    /^the job failed: The disk is full. \[x\]\n[\s\S]*what the last completed checkpoint holds/,
  );
});

test('the exit code tells how the run ended', () => {
  const codes = (['finished', 'failed', 'cancelled'] as const).map((state) =>
    exitCodeOf({ state, failure: undefined, summary, checkpoints, elapsedMs: 0 }),
  );

  expect(codes).toStrictEqual([EXIT.ok, EXIT.failed, EXIT.interrupted]);
});
