import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { JobDetail } from '../cli/admin/admin-client.ts';
import { ClusterUnderTest } from './harness/cluster-under-test.ts';
import { eventually } from './harness/eventually.ts';

// A step of the pipeline fails on one message, whatever attempt it comes in: the message ends in the dead letters, all others where
// they belong, each once, and the job ends by itself.

const JOB = 'integration-tests/jobs/poisoned-pipeline-job.ts';
const NAME = 'QUACKENBUSH';
const FILES = 8;
const MESSAGES_PER_FILE = 25;
/** In the middle of the third file. */
const POISONED = { file: 2, place: 12 };

const open: ClusterUnderTest[] = [];

afterEach(async () => {
  for (const cluster of open.splice(0)) {
    await cluster.stop();
  }
});

describe('a message on which a step fails in every attempt', () => {
  test('is a dead letter after the third, changes nothing, and nobody reads its patient in a log', async () => {
    const cluster = await openCluster({});
    const output = join(cluster.folder, 'out');

    const jobId = await cluster.submit(JOB, ['--input', writeInput(cluster), '--output', output], 2);
    const detail = await cluster.inState(jobId, 'finished', 120_000);

    expect(codesOf(detail)).toStrictEqual([...THREE_TIMES, 'record-quarantined']);
    expect(detail.summary).toMatchObject({ attempt: 4, restarts: 3 });
    expectEachOnce(output);
    expect(quarantinedCount(detail)).toBe(1);
    const told = [cluster.logs(), JSON.stringify(detail.failures), (await cluster.nerve(['status', jobId])).out].join(
      '\n',
    );
    expect(told).toContain('record-quarantined');
    expect(told).toContain('quarantined records: 1 of correlate');
    expect(told).not.toContain(NAME);
  });

  test('is counted on by a coordinator that was not there when it failed before', async () => {
    const cluster = await openCluster({ 'restart-strategy.exponential-delay.initial-backoff': '3 s' });
    const output = join(cluster.folder, 'out');
    const jobId = await cluster.submit(JOB, ['--input', writeInput(cluster), '--output', output], 2);

    await eventually(
      'the second attempt has failed',
      async () => (codesOf(await cluster.admin.job(jobId)).length === 2 ? true : undefined),
      60_000,
    );
    await cluster.coordinator.kill();
    cluster.startCoordinator();
    await cluster.registered(2);
    const detail = await cluster.inState(jobId, 'finished', 120_000);

    expect(codesOf(detail).filter((code) => code === 'user-function-failed')).toStrictEqual(THREE_TIMES);
    expect(codesOf(detail)).toContain('record-quarantined');
    expectEachOnce(output);
  });
});

const THREE_TIMES = ['user-function-failed', 'user-function-failed', 'user-function-failed'];

async function openCluster(more: Readonly<Record<string, string>>): Promise<ClusterUnderTest> {
  const cluster = await ClusterUnderTest.start({
    taskManagers: 2,
    slots: 1,
    configuration: {
      'execution.checkpointing.interval': '200 ms',
      'restart-strategy.exponential-delay.initial-backoff': '200 ms',
      ...more,
    },
  });
  open.push(cluster);
  return cluster;
}

/** Files of messages, each of a patient of its own; gives their folder. */
function writeInput({ folder }: ClusterUnderTest): string {
  const input = join(folder, 'in');
  mkdirSync(input);
  for (let file = 0; file < FILES; file += 1) {
    const messages = Array.from({ length: MESSAGES_PER_FILE }, (_, place) => messageOf(file, place));
    writeFileSync(join(input, `${file}.hl7`), messages.join(''));
  }
  return input;
}

function messageOf(file: number, place: number): string {
  const number = file * MESSAGES_PER_FILE + place;
  const name = file === POISONED.file && place === POISONED.place ? NAME : 'DOE';
  return [
    `MSH|^~\\&|ADT|NGH|HUB|HIE|20260301083000||ADT^A01^ADT_A01|C${number}|P|2.5.1`,
    'EVN|A01|20260301083000',
    `PID|1||${number}^^^MRN||${name}^OTTO||19700101|M`,
    'PV1|1|I|W1^R1^B1',
    '',
  ].join('\r');
}

/** Every message is there once: the poisoned one in the dead letters with its bytes, the others as records. */
function expectEachOnce(output: string): void {
  const controlIds = readLines(output, 'hl7.adt').map(
    ({ value }) => Reflect.get(Object(value), 'controlId') as unknown,
  );
  const letters = readLines(output, 'hl7.dlq');
  const poisoned = POISONED.file * MESSAGES_PER_FILE + POISONED.place;
  const healthy = Array.from({ length: FILES * MESSAGES_PER_FILE }, (_, i) => i).filter((i) => i !== poisoned);

  expect(controlIds.sort()).toStrictEqual(healthy.map((i) => `C${i}`).sort());
  expect(letters).toMatchObject([
    {
      key: expect.stringContaining(`|${poisoned}`) as unknown,
      headers: {
        srcIndex: expect.any(String) as unknown,
        file: `${POISONED.file}.hl7`,
        stage: 'quarantine',
        reason: 'E_QUARANTINED',
        detail: expect.stringContaining('Step correlate failed on it in 3 attempts: RangeError') as unknown,
      },
    },
  ]);
  const raw = Buffer.from(String(letters[0]?.value), 'base64').toString();
  expect(raw.trimEnd()).toBe(messageOf(POISONED.file, POISONED.place).trimEnd());
  // The state of its patient is as if it had never come: nobody is told of a visit.
  const told = readLines(output, 'hl7.encounters').map(({ key }) => key ?? '');
  expect(told).toHaveLength(healthy.length);
  expect(told.filter((key) => key.endsWith(`|${poisoned}`))).toStrictEqual([]);
}

interface Line {
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: unknown;
}

/** Committed lines of one topic. */
function readLines(output: string, topic: string): readonly Line[] {
  const folder = join(output, topic);
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as Line);
}

function codesOf({ failures }: JobDetail): readonly string[] {
  return failures.map(({ failure }) => failure.code);
}

function quarantinedCount({ metrics }: JobDetail): number {
  return metrics.filter(({ name }) => name === 'numRecordsQuarantined').reduce((sum, { value }) => sum + value, 0);
}
