import { describe, expect, test } from 'vitest';
import type { S3Fault, S3Request } from '../harness/s3-relay.ts';
import type { ChaosRun } from './chaos-run.ts';
import { eventually } from '../harness/eventually.ts';
import { failpoints, hitsOf } from './chaos-run.ts';
import { scenario } from './scenario.ts';

/** What one in three writes, for a while, meets on its way to MinIO. */
const TROUBLES: readonly (readonly [string, S3Fault])[] = [
  ['is refused with 503', { kind: 'refuse', status: 503 }],
  ['takes a second', { kind: 'slow', ms: 1_000 }],
  ['is done, but its answer is lost', { kind: 'lose-answer' }],
  ['is given up, and lands two seconds later', { kind: 'late', ms: 2_000 }],
];

describe.concurrent('a snapshot store in trouble harms nothing', () => {
  test.each(TROUBLES)('when a write %s', async (_, fault) => {
    await scenario({ name: 'store' }, async (run) => {
      await run.start();

      run.relay.decide = oneWriteInThree(fault);
      await untilFaults(run, 10);
      await run.flows('in trouble');
      run.relay.decide = () => ({ kind: 'pass' });
      await run.flows('after the trouble');
      expect(run.relay.faults).toBeGreaterThanOrEqual(10);
    });
  });

  test('when it is gone for five seconds: processing goes on, and a later checkpoint holds everything', async () => {
    await scenario({ name: 'store-gone', configuration: TOLERANT }, async (run) => {
      await run.start();
      const attempt = await run.attempt();

      run.relay.decide = () => ({ kind: 'refuse', status: 503 });
      await untilFaults(run, 20);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      run.relay.decide = () => ({ kind: 'pass' });
      await run.flows('after the outage');
      expect(await run.attempt()).toBe(attempt);
    });
  });

  test('when a task manager cannot write: the checkpoint is declined, and the next one carries its changes', async () => {
    await scenario(
      {
        name: 'decline',
        taskManagerEnvironments: { 0: failpoints('store.put=throw@4; store.put=throw@9') },
      },
      async (run) => {
        await run.start();

        await run.hit(run.cluster.taskManagers[0]!, 'store.put', 2);
        await run.flows('after the declined checkpoints');
        expect(hitsOf(run.cluster.taskManagers[0]!, 'store.put')).toBe(2);
      },
    );
  });
});

const TOLERANT = { 'execution.checkpointing.tolerable-failed-checkpoints': '50' };

function oneWriteInThree(fault: S3Fault): (request: S3Request) => S3Fault {
  let writes = 0;
  return ({ method }) => {
    writes += method === 'PUT' ? 1 : 0;
    return method === 'PUT' && writes % 3 === 0 ? fault : { kind: 'pass' };
  };
}

async function untilFaults(run: ChaosRun, count: number): Promise<void> {
  await eventually(`${count} requests meet trouble`, () => (run.relay.faults >= count ? true : undefined), 60_000);
}
