import { expect, test } from 'vitest';
import type { Failure } from '../../shared/failure/failure.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import { KernelDriver, specOf } from '../kernel/kernel-testing.ts';
import { QUARANTINED_MAX } from '../recovery/quarantine.ts';
import { formatJobRecord, parseJobRecord } from './job-record-wire.ts';
import { recordOf } from './job-record.ts';

test('a record that has failed three attempts is told to the fourth, and the failures say so', () => {
  const kernel = started();

  const deployed = [1, 2, 3].map(() => failOn(kernel, 'poison'));

  expect(deployed).toMatchObject([[], [], [{ operator: 'v', fingerprint: 'poison', error: 'TypeError', failures: 3 }]]);
  expect(kernel.job('j').failures.map(({ failure }) => failure.code)).toStrictEqual([
    'user-function-failed',
    'user-function-failed',
    'user-function-failed',
    'record-quarantined',
  ]);
});

test('a later attempt that fails for another reason is told as well', () => {
  const kernel = started();
  [1, 2, 3].forEach(() => failOn(kernel, 'poison'));

  kernel.report('j', 0, 'failed', { failure: { code: 'peer-gone', reaction: 'restart-job', message: 'it is gone' } });
  kernel.end('j', 1);
  kernel.tick(100_000);

  expect(kernel.deployments().at(-1)?.quarantined).toMatchObject([{ fingerprint: 'poison' }]);
});

test('a new leader goes on counting', () => {
  const former = started();
  failOn(former, 'poison');
  failOn(former, 'poison');
  former.reportAll('j', 'ready');
  const kernel = new KernelDriver({}, former);
  kernel.rejoin(1, 'j');

  const adopted = kernel.job('j').kind;
  const deployed = failOn(kernel, 'poison');

  expect(adopted).toBe('running');
  expect(deployed).toMatchObject([{ fingerprint: 'poison', failures: 3 }]);
});

test('an operator without a quarantine is restarted as before', () => {
  const kernel = started();

  const deployed = [1, 2, 3, 4].map(() => failOn(kernel, 'poison', false));

  expect(deployed).toStrictEqual([[], [], [], []]);
  expect(kernel.job('j')).toMatchObject({ quarantine: { suspects: [], quarantined: [] }, restarts: { total: 4 } });
});

test('a failure that no restart helps, and one that the strategy does not bear, end the job whatever is counted', () => {
  const first = started();
  first.report('j', 0, 'failed', { failure: { ...failureOn('poison'), reaction: 'fail-job' } });
  const second = new KernelDriver({ restart: { kind: 'none' }, quarantineFailures: 1 });
  second.join(1);
  second.run(specOf('j'));
  second.report('j', 0, 'failed', { failure: failureOn('poison') });

  expect(first.job('j').kind).toBe('failing');
  expect(second.job('j').kind).toBe('failing');
});

test('one record too many fails the job, and says why', () => {
  const kernel = started({ quarantineFailures: 1 });
  for (let i = 0; i < QUARANTINED_MAX; i += 1) {
    failOn(kernel, `poison-${i}`);
  }
  kernel.reportAll('j', 'ready');
  kernel.report('j', 0, 'failed', { failure: failureOn('one more') });

  expect(kernel.job('j').kind).toBe('failing');
  expect(kernel.job('j').failures.at(-1)?.failure).toMatchObject({ code: 'quarantine-full' });
});

test('a job record of a version that knew no quarantine has none', () => {
  const { quarantine, ...rest } = recordOf(started().job('j'));
  const text = formatJobRecord({ ...rest, quarantine }).replace(/"quarantine":\{[^}]*\},/, '');

  expect(text).not.toContain('quarantine');
  expect(parseJobRecord(text)).toMatchObject({ record: { quarantine: { suspects: [], quarantined: [] } } });
});

function started(over: ConstructorParameters<typeof KernelDriver>[0] = {}): KernelDriver {
  const kernel = new KernelDriver(over);
  kernel.join(1);
  kernel.run(specOf('j'));
  return kernel;
}

function failureOn(fingerprint: string, hasQuarantine = true): Failure {
  return {
    code: 'user-function-failed',
    reaction: 'restart-job',
    message: 'it threw',
    record: { operator: parseOperatorUid('v'), fingerprint, error: 'TypeError', hasQuarantine },
  };
}

/** The attempt fails on the record; what the next is told of quarantined ones. */
function failOn(kernel: KernelDriver, fingerprint: string, hasQuarantine = true) {
  kernel.report('j', 0, 'failed', { failure: failureOn(fingerprint, hasQuarantine) });
  kernel.end('j', 1);
  kernel.tick(100_000);
  return kernel.deployments().at(-1)?.quarantined;
}
