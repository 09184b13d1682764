import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { recordRandom } from '../connectors/generator/generator-split.ts';
import { generatedFeed } from '../jobs/hl7-pipeline/generate/generated-feed.ts';
import { PipelineUnderTest, policyOf, sourceRecord } from '../jobs/hl7-pipeline/run-steps-testing.ts';
import { parseSplitId } from '../shared/ids.ts';
import { ClusterUnderTest } from './harness/cluster-under-test.ts';
import { eventually } from './harness/eventually.ts';

const JOB = 'jobs/hl7-pipeline/job.ts';
const MESSAGES = 6_000;
const SPLITS = 4;

const open: ClusterUnderTest[] = [];

afterEach(async () => {
  for (const cluster of open.splice(0)) {
    await cluster.stop();
  }
});

describe('the pipeline with its state, from a feed to files', () => {
  test('a task manager is killed twice: every record is there once, says what an undisturbed run says, and in order', async () => {
    const cluster = await openCluster();
    const output = join(cluster.folder, 'out');
    const args = ['--generate', String(MESSAGES), '--rate', '600', '--output', output];

    const jobId = await cluster.submit(JOB, args, 2);
    for (const share of [0.2, 0.5]) {
      await eventually('output is committed', async () => await isWritten(output, MESSAGES * share), 90_000);
      await killOneOf(cluster, jobId);
    }
    const detail = await cluster.inState(jobId, 'finished', 120_000);

    expect(detail.summary.restarts).toBe(2);
    expect(tellAll(readLines(output))).toStrictEqual(tellAll(await undisturbed()));
    expect(hiddenFiles(output)).toStrictEqual([]);
  });
});

async function openCluster(): Promise<ClusterUnderTest> {
  const cluster = await ClusterUnderTest.start({
    taskManagers: 2,
    slots: 2,
    configuration: { 'execution.checkpointing.interval': '500 ms' },
  });
  open.push(cluster);
  return cluster;
}

/** Kills a task manager that runs a part of the job, waits for the next attempt, and starts another in its place. */
async function killOneOf(cluster: ClusterUnderTest, jobId: string): Promise<void> {
  const before = await cluster.admin.job(jobId);
  const index = Number(before.subtasks[0]?.taskManager.replace('tm-', ''));
  await cluster.taskManagers[index]?.kill();
  await eventually(
    'the next attempt runs',
    async () => {
      const { summary } = await cluster.admin.job(jobId);
      return summary.attempt > before.summary.attempt && summary.state === 'running' ? true : undefined;
    },
    60_000,
  );
  cluster.startTaskManager(index);
  await cluster.registered(2);
}

/** A line of the output, however it was made. */
interface Told {
  readonly topic: string;
  readonly key: string | null;
  readonly src: string;
  readonly value: unknown;
}

/** By topic and key, in order: what is there, and what must be. */
function tellAll(lines: readonly Told[]): ReadonlyMap<string, readonly string[]> {
  const byKey = new Map<string, string[]>();
  for (const { topic, key, src, value } of lines) {
    // Dead letters and messages without a patient have no order: several subtasks write them.
    const isOrdered = key !== null && !topic.endsWith('dlq');
    const name = isOrdered ? `${topic} ${key}` : `${topic} ${src}`;
    byKey.set(name, [...(byKey.get(name) ?? []), `${src} ${JSON.stringify(value)}`]);
  }
  return new Map([...byKey].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Committed lines, part by part in the order of their names. */
function readLines(output: string): readonly Told[] {
  return folders(output).flatMap((topic) =>
    readdirSync(join(output, topic))
      .filter((name) => !name.startsWith('.'))
      .sort()
      .flatMap((name) =>
        readFileSync(join(output, topic, name), 'utf8')
          .trimEnd()
          .split('\n'),
      )
      .map((line) => tellLine(JSON.parse(line) as Line)),
  );
}

interface Line {
  readonly topic: string;
  readonly key: string | null;
  readonly headers: { readonly src: string; readonly srcIndex?: string };
  readonly value: unknown;
}

function tellLine({ topic, key, headers, value }: Line): Told {
  return { topic, key, src: placeOf(headers), value: withoutTimes(value) };
}

/** The same feed through the same steps, in this process, without a failure. */
async function undisturbed(): Promise<readonly Told[]> {
  const next = generatedFeed(1);
  const pipeline = await PipelineUnderTest.open(policyOf({ encounters: true }));
  const told: Told[] = [];
  for (let index = 0; index < MESSAGES; index += 1) {
    const number = index % SPLITS;
    const offset = BigInt(Math.floor(index / SPLITS));
    const position = { split: parseSplitId(`generator-${number}`), partition: number, offset, timestampMs: 0 };
    const record = sourceRecord(next(index, recordRandom(1, index)).value, {
      position: { ...position, timestampMs: 1_900_000_000_000 },
    });
    for (const { topic, key, headers, value } of await pipeline.run([record])) {
      const isLetter = topic.endsWith('dlq');
      told.push({
        topic,
        key: key ?? null,
        src: placeOf({ src: String(headers['src']), srcIndex: headers['srcIndex']?.toString() }),
        value: isLetter ? value.toString('base64') : withoutTimes(JSON.parse(value.toString()) as unknown),
      });
    }
  }
  return told;
}

/** Where the message came from, without the time at which the feed began. */
function placeOf({ src, srcIndex }: { readonly src: string; readonly srcIndex?: string | undefined }): string {
  return `${src.split(':').slice(0, 2).join(':')}#${srcIndex ?? ''}`;
}

/** Without what depends on when the run was. */
function withoutTimes(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? { ...value, ingestionTs: undefined } : value;
}

async function isWritten(output: string, count: number): Promise<true | undefined> {
  await Promise.resolve();
  return readLines(output).length >= count ? true : undefined;
}

function hiddenFiles(output: string): readonly string[] {
  return folders(output).flatMap((topic) => readdirSync(join(output, topic)).filter((name) => name.startsWith('.')));
}

function folders(output: string): readonly string[] {
  return existsSync(output) ? readdirSync(output) : [];
}
