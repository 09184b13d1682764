import { expect, test } from 'vitest';
import { MemoryClock } from '../../shared/clock/memory-clock.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { KernelEvent } from '../kernel/kernel-events.ts';
import { specOf } from '../kernel/kernel-testing.ts';
import { shapeJobOf } from './shape-job.ts';
import type { ShapeJob } from './shape-job.ts';

const spec = specOf('j');
const wider = specOf('j', { fingerprint: 'f3', slotsNeeded: 3 });

test('a job that was drawn comes back as an event, with what it was drawn from', async () => {
  const shapeJob: ShapeJob = async ({ slots }) => await Promise.resolve(slots >= 3 ? wider : undefined);

  expect(await raised(shapeJob, 3)).toStrictEqual([
    { kind: 'job-shaped', jobId: 'j', slots: 3, of: spec, spec: wider },
  ]);
  expect(await raised(shapeJob, 1)).toMatchObject([{ kind: 'job-shaped', spec: undefined }]);
});

test('one that cannot be drawn is answered too', async () => {
  const failure = { code: 'artifact-not-stored', reaction: 'retry', message: 'away' } as const;
  const shapeJob: ShapeJob = async () => await Promise.reject(new StreamError(failure));

  expect(await raised(shapeJob, 3)).toMatchObject([{ kind: 'job-not-shaped', slots: 3, of: spec, failure }]);
});

async function raised(shapeJob: ShapeJob, slots: number): Promise<readonly KernelEvent[]> {
  const events: KernelEvent[] = [];
  const raise = (event: KernelEvent): void => {
    events.push(event);
  };
  const { signal } = new AbortController();
  const order = { kind: 'shape-job', jobId: spec.jobId, spec, slots } as const;
  await shapeJobOf(order, { shapeJob, raise, clock: new MemoryClock(), logger: silentLogger }, signal);
  return events;
}
