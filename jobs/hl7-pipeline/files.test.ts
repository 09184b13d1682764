import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom } from '../../index.ts';
import type { OutputRecord, SourceRecord } from '../../index.ts';
import {
  WakeSignal,
  committerContext,
  enumeratorContext,
  readerContext,
  writerContext,
} from '../../connectors/connector-testing.ts';
import { fileCoordinatorConnector } from '../../connectors/file/node-file-coordinator-connector.ts';
import { fileTaskConnector } from '../../connectors/file/node-file-task-connector.ts';
import { parseCheckpointId } from '../../shared/ids.ts';
import { chooseSink, chooseSource } from './connect.ts';
import { generatedFeed } from './generate/generated-feed.ts';
import { policyArguments, policyOf, runSteps } from './run-steps-testing.ts';

const never = new AbortController().signal;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nerve-hl7-files-'));
  await mkdir(join(root, 'in'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

test('a directory of bare, framed, batched, large, empty and foreign files becomes JSON lines per topic, each message once', async () => {
  const feed = Array.from({ length: 3_000 }, (_, index) => generatedFeed(1)(index, seededRandom(index)).value);
  const adt = 'MSH|^~\\&|A|NGH|||20260301||ADT^A01|1|P|2.5\rPID|1||7^^^NGH^MR\r';
  await put('1-bare.hl7', adt);
  await put('2-batch.hl7', `FHS|^~\\&\rBHS|^~\\&\r${adt}${adt}BTS|2\rFTS|1\r`);
  await put('3-large.mllp', Buffer.concat(feed));
  await put('4-empty.hl7', '');
  await put('5-foreign.json', '{"no": "hl7"}');

  await runThroughFiles();

  const lines = await readOutput();
  const reasons = lines.filter(({ topic }) => topic === 'hl7.dlq').map(({ headers }) => headers['reason']);
  expect(lines.filter(({ headers }) => headers['file'] === '1-bare.hl7')).toMatchObject([
    { topic: 'hl7.adt', key: 'NGH|7', encoding: 'json' },
  ]);
  expect(
    lines.filter(({ headers }) => headers['file'] === '2-batch.hl7').map(({ headers }) => headers['srcIndex']),
  ).toStrictEqual(['0', '1']);
  expect(Buffer.concat(feed).length).toBeGreaterThan(1024 * 1024);
  // Empty frames (a broken message of the feed) are keep-alives inside a stream: they alone leave nothing.
  const emptyFrames = feed.filter((bytes) => bytes.length === 3).length;
  expect(lines.filter(({ headers }) => headers['file'] === '3-large.mllp')).toHaveLength(feed.length - emptyFrames);
  expect(new Set(lines.map(({ headers }) => `${String(headers['src'])}/${headers['srcIndex'] ?? '0'}`)).size).toBe(
    lines.length,
  );
  expect(reasons).toEqual(expect.arrayContaining(['E_EMPTY', 'E_NOT_HL7']));
  const foreign = lines.find(({ headers }) => headers['file'] === '5-foreign.json');
  expect(Buffer.from(String(foreign?.value), 'base64').toString()).toBe('{"no": "hl7"}');
});

interface Line {
  readonly topic: string;
  readonly key: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly encoding: string;
  readonly value: unknown;
}

async function put(name: string, content: string | Buffer): Promise<void> {
  await writeFile(join(root, 'in', name), content);
}

async function runThroughFiles(): Promise<void> {
  const args = {
    ...policyArguments,
    input: join(root, 'in'),
    output: join(root, 'out'),
    inputTopic: '',
    brokers: undefined,
    bounded: false,
    generate: undefined,
    rate: undefined,
    seed: 1,
    keyedParallelism: undefined,
    guarantee: 'exactly-once',
  };
  const written = await runSteps(await readInput(chooseSource(args)), policyOf({ duplicates: 'pass' }));
  await writeOutput(chooseSink(args, []), written);
}

async function readInput(source: ReturnType<typeof chooseSource>): Promise<readonly SourceRecord[]> {
  const signal = new WakeSignal();
  const found = await fileCoordinatorConnector.createEnumerator(source, enumeratorContext()).discover(new Set(), never);
  const reader = fileTaskConnector.createReader(source);
  const records: SourceRecord[] = [];
  await reader.open(readerContext({ signal }), never);
  reader.addSplits(found.splits);
  reader.noMoreSplits();
  for (;;) {
    const result = reader.poll(3, { collect: (value) => records.push(value as SourceRecord) });
    if (result === 'finished') {
      await reader.close();
      return records;
    }
    if (result === 'wait') {
      await signal.next();
    }
  }
}

async function writeOutput(sink: ReturnType<typeof chooseSink>, records: readonly OutputRecord[]): Promise<void> {
  const writer = fileTaskConnector.createWriter(sink);
  await writer.open(writerContext({ signal: new WakeSignal() }), never);
  for (const record of records) {
    writer.write(record);
  }
  const prepared = await writer.prepareCommit(parseCheckpointId(1n), never);
  await writer.close();
  const committables = prepared.map(({ committable }) => committable);
  await fileCoordinatorConnector.createCommitter(sink, committerContext()).commit(committables, never);
}

async function readOutput(): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const topic of await readdir(join(root, 'out'))) {
    for (const part of await readdir(join(root, 'out', topic))) {
      const text = await readFile(join(root, 'out', topic, part), 'utf8');
      lines.push(
        ...text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Line),
      );
    }
  }
  return lines;
}
