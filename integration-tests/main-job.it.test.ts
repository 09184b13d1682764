import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { ClusterUnderTest } from './harness/cluster-under-test.ts';
import type { ClusterOptions } from './harness/cluster-under-test.ts';
import { eventually } from './harness/eventually.ts';
import { Hl7Topics } from './harness/hl7-topics.ts';

const JOB = 'jobs/hl7-pipeline/job.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) {
    await each.close();
  }
});

describe('the main job on a cluster', () => {
  test('takes every message once from four partitions to the topics of their types, in order, and ends', async () => {
    const topics = await openTopics('main', 4);
    await topics.load(20_000);
    const cluster = await openCluster({ taskManagers: 1, slots: 2 });

    const jobId = await cluster.submit(JOB, [...topics.jobArguments, '--bounded'], 2);
    await cluster.inState(jobId, 'finished');

    const lineage = await topics.lineage();
    expect(lineage).toMatchObject({ input: 20_000, lost: 0, duplicates: 0, disorderedKeys: 0 });
    expect(Object.values(lineage.byTopic).reduce((a, b) => a + b)).toBe(20_000);
    for (const kind of ['adt', 'oru', 'orm', 'dft', 'mdm', 'other', 'dlq']) {
      expect([kind, (lineage.byTopic[`${topics.prefix}${kind}`] ?? 0) > 0]).toStrictEqual([kind, true]);
    }
    expect(Object.keys(lineage.reasons)).not.toContain('');
  });

  test('one input partition keeps four keyed subtasks on two task managers at work', async () => {
    const topics = await openTopics('narrow', 1);
    await topics.load(10_000);
    const cluster = await openCluster({ taskManagers: 2, slots: 2 });

    const jobId = await cluster.submit(JOB, [...topics.jobArguments, '--bounded', '--keyed-parallelism', '4'], 1);
    const detail = await cluster.inState(jobId, 'finished');

    expect(await topics.lineage()).toMatchObject({ input: 10_000, lost: 0, duplicates: 0, disorderedKeys: 0 });
    const perSubtask = [0, 1, 2, 3].map((subtask) =>
      detail.metrics
        .filter(
          ({ name, labels }) =>
            name === 'numRecordsIn' && labels['operator'] === 'correlate' && labels['subtask'] === String(subtask),
        )
        .reduce((sum, { value }) => sum + value, 0),
    );
    expect(perSubtask.filter((count) => count > 500)).toHaveLength(4);
  });

  test('goes on within seconds when a task manager is killed and a spare slot exists; nothing is lost', async () => {
    const topics = await openTopics('kill', 2);
    await topics.load(20_000);
    const cluster = await openCluster({ taskManagers: 2, slots: 2 });
    const jobId = await cluster.submit(JOB, topics.jobArguments, 2);
    const before = await cluster.inState(jobId, 'running');
    await eventually('output flows', async () => ((await topics.written()) > 0 ? true : undefined));
    const busy = before.subtasks.map(({ taskManager }) => taskManager);
    const victim = busy[0] ?? '';

    const killedAt = performance.now();
    await cluster.taskManagers[Number(victim.replace('tm-', ''))]?.kill();
    const after = await eventually('the next attempt runs', async () => {
      const detail = await cluster.admin.job(jobId);
      return detail.summary.attempt > before.summary.attempt && detail.summary.state === 'running' ? detail : undefined;
    });
    const downMs = performance.now() - killedAt;
    await topics.load(1_000, 20_000);
    await eventually('all is written', async () => ((await topics.lineage()).lost === 0 ? true : undefined), 60_000);

    // How long it takes on a machine of its own is measured (bench/README.md); here it is far from any timeout.
    expect(downMs).toBeLessThan(6_000);
    expect(after.subtasks.map(({ taskManager }) => taskManager)).not.toContain(victim);
    expect(after.summary.restarts).toBe(1);
    expect((await cluster.admin.cancel(jobId)).summary.state).toBe('cancelled');
  });

  test('a coordinator that was killed and started again goes on with its jobs; nothing is lost or doubled', async () => {
    const topics = await openTopics('coordinator', 2);
    await topics.load(5_000);
    const cluster = await openCluster({ taskManagers: 1, slots: 2 });
    await cluster.submit(JOB, topics.jobArguments, 2, { jobId: 'again' });
    await cluster.inState('again', 'running');

    await cluster.coordinator.kill();
    cluster.startCoordinator();
    await cluster.registered(1);
    await topics.load(5_000, 5_000);

    await eventually('everything is in the output', async () => {
      const { input, lost, duplicates, disorderedKeys } = await topics.lineage();
      expect([duplicates, disorderedKeys]).toStrictEqual([0, 0]);
      return input === 10_000 && lost === 0 ? true : undefined;
    });
  });

  test('a job that keeps failing harms no other job on the cluster', async () => {
    const topics = await openTopics('neighbours', 2);
    await topics.load(5_000);
    const cluster = await openCluster({ taskManagers: 2, slots: 2 });

    const failing = await cluster.submit('integration-tests/jobs/throwing-job.ts', [], 1);
    await eventually('it has failed twice', async () =>
      (await cluster.admin.job(failing)).summary.restarts >= 2 ? true : undefined,
    );
    const jobId = await cluster.submit(JOB, [...topics.jobArguments, '--bounded'], 2);
    await cluster.inState(jobId, 'finished');

    expect(await topics.lineage()).toMatchObject({ lost: 0, duplicates: 0 });
    const detail = await cluster.admin.job(failing);
    expect(detail.failures.at(-1)?.failure.message).toContain('operator');
    expect((await cluster.admin.cancel(failing)).summary.state).toBe('cancelled');
  });

  test('a message of five megabytes passes whole, and one larger than allowed is dead-lettered by reference', async () => {
    const topics = await openTopics('large', 1, 24 * 1024 * 1024);
    const large = message('LARGE', 5 * 1024 * 1024);
    await topics.write([message('SMALL', 10), large, message('HUGE', 11 * 1024 * 1024), message('LAST', 10)]);
    const cluster = await openCluster({ taskManagers: 1, slots: 2 });

    const jobId = await cluster.submit(
      JOB,
      [...topics.jobArguments, '--bounded', '--max-message-bytes', '10000000'],
      2,
    );
    await cluster.inState(jobId, 'finished');

    const lineage = await topics.lineage();
    expect(lineage).toMatchObject({ input: 4, lost: 0, duplicates: 0, reasons: { E_TOO_LARGE: 1 } });
    const sizes: number[] = [];
    for await (const record of topics.admin.read(
      { topic: `${topics.prefix}oru`, startFrom: 'earliest' },
      AbortSignal.timeout(30_000),
    )) {
      sizes.push(record.value.length);
    }
    expect(sizes.filter((size) => size > 5 * 1024 * 1024)).toHaveLength(1);
  });

  test('a patient name never reaches a log of any process', async () => {
    const topics = await openTopics('private', 1);
    const name = 'ZYXWPLANTED';
    const text = `MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5\rPID|1||9^^^B^MR||${name}^X\r`;
    await topics.write([
      Buffer.from(text),
      Buffer.from(text.replace('MSH|^~\\&', 'MSH|^^^^')),
      Buffer.from(text.replace('PID|1||9^^^B^MR', 'PID|1||')),
      Buffer.from(`${name} is no HL7`),
    ]);
    const cluster = await openCluster({ taskManagers: 1, slots: 1, configuration: { 'log.level': 'debug' } });

    const jobId = await cluster.submit(JOB, [...topics.jobArguments, '--bounded'], 1);
    const detail = await cluster.inState(jobId, 'finished');

    expect(await topics.lineage()).toMatchObject({ input: 4, lost: 0 });
    expect(cluster.logs()).not.toContain(name);
    expect(inspect(detail, { depth: null })).not.toContain(name);
    expect(cluster.logs().length).toBeGreaterThan(0);
  });
});

async function openTopics(name: string, partitions: number, maxMessageBytes?: number): Promise<Hl7Topics> {
  const topics = await Hl7Topics.create(name, partitions, maxMessageBytes);
  open.push(topics);
  return topics;
}

async function openCluster(options: ClusterOptions): Promise<ClusterUnderTest> {
  const cluster = await ClusterUnderTest.start(options);
  open.push({ close: async () => await cluster.stop() });
  return cluster;
}

/** An ORU whose OBX-5 holds so many bytes. */
function message(controlId: string, bytes: number): Buffer {
  const head = `MSH|^~\\&|LAB|GENHOSP|C|D|20260101120000||ORU^R01|${controlId}|P|2.5\rPID|1||77^^^GENHOSP^MR||DOE^J\rOBR|1|||1^X\r`;
  return Buffer.from(`${head}OBX|1|ED|1^DOC||${'QUJD'.repeat(Math.ceil(bytes / 4))}||||||F\r`);
}
