import { expect, test } from 'vitest';
import { parseAttemptNumber, parseCheckpointId, parseJobId, parseSplitId, parseVertexId } from '../../shared/ids.ts';
import { KernelDriver, specOf } from '../kernel/kernel-testing.ts';
import { NO_ATTEMPTS, withCondemned } from './attempt-record.ts';
import {
  formatAttempts,
  formatJobRecord,
  formatTerminal,
  formatUsedNumbers,
  parseAttempts,
  parseJobRecord,
  parseTerminal,
  parseUsedNumbers,
} from './job-record-wire.ts';
import { recordOf } from './job-record.ts';

test('a job record comes back as it was', () => {
  const kernel = new KernelDriver();
  kernel.join(1);
  kernel.run(specOf('j', { source: { discoveryIntervalMs: 1_000 } }));
  const splits = [{ id: parseSplitId('a'), position: '7' }];
  kernel.apply({
    kind: 'discovered',
    jobId: parseJobId('j'),
    vertex: parseVertexId('v'),
    discovery: { splits, isComplete: true },
  });
  const origin = { checkpoint: parseCheckpointId(2n ** 60n), metadataKey: 'k' };
  const record = { ...recordOf(kernel.job('j')), origin };

  expect(parseJobRecord(formatJobRecord(record))).toStrictEqual({ kind: 'parsed', record });
});

test('attempts come back as they were, and where there are none nothing is stored', () => {
  const kernel = new KernelDriver();
  kernel.join(1);
  kernel.run(specOf('j'));
  const { attempts } = kernel.job('j');
  const condemned = withCondemned(attempts);

  for (const record of [attempts, condemned]) {
    expect(parseAttempts(formatAttempts(record) ?? '')).toStrictEqual({ kind: 'parsed', record });
  }
  expect(formatAttempts(NO_ATTEMPTS)).toBeUndefined();
});

test('the end of a job and the numbers that were used come back as they were', () => {
  const used = { attempt: parseAttemptNumber(4), checkpoint: 2n ** 60n };

  expect(parseTerminal(formatTerminal({ state: 'failed' }))).toStrictEqual({
    kind: 'parsed',
    record: { state: 'failed' },
  });
  expect(parseUsedNumbers(formatUsedNumbers(used))).toStrictEqual({ kind: 'parsed', record: used });
});

test.each([
  ['no JSON', '{'],
  ['another format', '{"format":2}'],
  ['no record', '{"format":1}'],
])('%s is malformed, with a reason', (_, text) => {
  expect(parseJobRecord(text)).toMatchObject({ kind: 'malformed' });
});
