import { expect, test } from 'vitest';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { JobDetail } from '../admin/admin-client.ts';
import { formatAge, jobToJson, renderJob, renderJobs } from './jobs-view.ts';

const summary: JobDetail['summary'] = {
  jobId: 'j',
  name: 'hl7-pipeline',
  state: 'waiting-for-slots',
  attempt: 1,
  restarts: 1,
  submittedAtMs: 0,
  changedAtMs: 1_000,
  failure: { code: 'waiting-for-slots', reaction: 'retry', message: 'The job needs 3 slots.', remedy: 'Start more.' },
};

test('a job that waits says for what, before its failures', () => {
  const failure = { code: 'task-manager-lost', reaction: 'restart-job', message: 'tm-1 was lost.' } as const;
  const failures = [{ atMs: 0, attempt: 1, where: 'tm-1', failure }];

  expect(renderJob({ summary, subtasks: [], metrics: [], failures, planJson: '', quarantined: [] }, 4_000)).toBe(
    'j (hl7-pipeline) is waiting-for-slots for 3 s; attempt 1, 1 restarts\n' +
      'The job needs 3 slots. Start more. [waiting-for-slots]\n' +
      '4 s ago, attempt 1, tm-1: tm-1 was lost. [task-manager-lost]\n',
  );
});

test('a job shows how many records each of its operators does without', () => {
  const record = { fingerprint: 'ab', error: 'TypeError', failures: 3 };
  const quarantined = ['correlate', 'parse', 'correlate'].map((uid) => ({
    ...record,
    operator: parseOperatorUid(uid),
  }));

  const text = renderJob({ summary, subtasks: [], metrics: [], failures: [], planJson: '', quarantined }, 4_000);

  expect(text).toContain('\nquarantined records: 2 of correlate, 1 of parse\n');
});

test('a subtask is shown with its own counts, not with those of its operators', () => {
  const labels = { vertex: 'raw', subtask: '0' };
  const metrics: JobDetail['metrics'] = [
    { name: 'numRecordsIn', kind: 'counter', labels, value: 1_200 },
    { name: 'numRecordsIn', kind: 'counter', labels: { ...labels, operator: 'parse' }, value: 7 },
    { name: 'busyTimeMsPerSecond', kind: 'gauge', labels, value: 250 },
  ];
  const subtasks = [{ vertex: 'raw', subtask: 0, state: 'running', taskManager: 'tm-1', slotIndex: 0 }];

  const text = renderJob({ summary, subtasks, metrics, failures: [], planJson: '', quarantined: [] }, 4_000);

  expect(text).toMatch(/raw +0 +running +tm-1 +0 +1,200 +0 +25 % +0 %/);
});

test('a job shows its parallelism, and whether that follows the slots', () => {
  const reactive = { ...summary, parallelism: 3, schedulerMode: 'reactive' };
  const detail = { summary: reactive, subtasks: [], metrics: [], failures: [], planJson: '', quarantined: [] };

  expect(renderJob(detail, 4_000)).toContain('1 restarts; parallelism 3 (reactive)\n');
  expect(renderJobs([reactive, { ...summary, parallelism: 2, schedulerMode: 'default' }], 0)).toMatch(
    /RESTARTS +PARALLELISM\n.* 3 \(reactive\)\n.* 2\n$/,
  );
});

test('jobs are listed with how long they have been in their state', () => {
  expect(renderJobs([], 0)).toBe('no jobs\n');
  expect(renderJobs([summary], 61_000)).toContain('waiting-for-slots  60 s');
  expect([formatAge(119_000), formatAge(120_000), formatAge(7_200_000)]).toStrictEqual(['119 s', '2 min', '2 h']);
});

test('a job whose checkpoints have completed is told as JSON too', () => {
  const detail = { summary, subtasks: [], metrics: [], failures: [], planJson: '', quarantined: [] };
  const last = { checkpoint: 2n ** 60n, completedAtMs: 1_000, tookMs: 7, bytes: 12 };
  const checkpoints = { completed: 1, failed: 0, inProgress: 0, last, lastFailure: undefined };

  expect(JSON.parse(jobToJson(detail))).toStrictEqual(detail);
  expect(JSON.parse(jobToJson({ ...detail, checkpoints }))).toMatchObject({
    summary: { jobId: 'j' },
    checkpoints: { completed: 1, last: { checkpoint: '1152921504606846976', tookMs: 7 } },
  });
});
