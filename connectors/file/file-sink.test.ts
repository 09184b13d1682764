import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OutputRecord } from '../../shared/connector/records.ts';
import type { SinkSpec, SinkWriter } from '../../shared/connector/sink.ts';
import { WakeSignal, committerContext, writerContext } from '../connector-testing.ts';
import { describeSinkConformance } from '../sink.conformance.ts';
import { fileCoordinatorConnector } from './node-file-coordinator-connector.ts';
import { fileTaskConnector } from './node-file-task-connector.ts';
import { fileSink } from './sink-spec.ts';

const never = new AbortController().signal;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nerve-file-sink-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describeSinkConformance('file sink', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nerve-file-sink-'));
  return {
    spec: fileSink({ path: folder, maxBufferedBytes: 200_000 }),
    coordinator: fileCoordinatorConnector,
    task: fileTaskConnector,
    guarantee: 'exactly-once',
    record: (n) =>
      record({ topic: n % 2 === 0 ? 'even' : 'odd', value: Buffer.from(JSON.stringify({ n, pad: 'p'.repeat(500) })) }),
    identify: (value) => (value as OutputRecord).value.toString(),
    readVisible: async () => (await readLines(folder)).map((line) => JSON.stringify(line['value'])).sort(),
    bufferedBytesMax: 200_000,
    recordBytes: 500,
    cleanUp: async () => await rm(folder, { recursive: true, force: true }),
  };
});

describe('file sink', () => {
  test('a line holds topic, key, headers and the value as JSON', async () => {
    await writeAndCommit(fileSink({ path: root }), [
      record({
        topic: 'hl7.adt',
        key: 'A|1',
        headers: { src: '0:1:2', raw: Buffer.from([0xff]) },
        value: Buffer.from('{"a":1}'),
      }),
    ]);

    expect(await readLines(root)).toStrictEqual([
      {
        topic: 'hl7.adt',
        key: 'A|1',
        headers: { src: '0:1:2', raw: { base64: '/w==' } },
        encoding: 'json',
        value: { a: 1 },
      },
    ]);
  });

  test('by default JSON stands as JSON, text as text and other bytes in base64', async () => {
    await writeAndCommit(fileSink({ path: root }), [
      record({ topic: 't', value: Buffer.from('{\n "a": [1]\r\n}') }),
      record({ topic: 't', value: Buffer.from('MSH|^~\\&|\r"x"') }),
      record({ topic: 't', value: Buffer.from([0x80, 0x00]) }),
      record({ topic: 't', value: Buffer.alloc(0) }),
    ]);

    expect((await readLines(root)).map((line) => [line['encoding'], line['value']])).toStrictEqual([
      ['json', { a: [1] }],
      ['utf8', 'MSH|^~\\&|\r"x"'],
      ['base64', 'gAA='],
      ['utf8', ''],
    ]);
  });

  test('the job may decide how values stand', async () => {
    await writeAndCommit(fileSink({ path: root, encoding: () => 'base64' }), [
      record({ topic: 't', value: Buffer.from('{"a":1}') }),
    ]);

    expect(await readLines(root)).toMatchObject([
      { encoding: 'base64', value: Buffer.from('{"a":1}').toString('base64') },
    ]);
  });

  test('a serialize function makes the records', async () => {
    const sink = fileSink<number>({
      path: root,
      serialize: (n) => record({ topic: 'numbers', value: Buffer.from(String(n)) }),
    });

    await writeAndCommit(sink, [1, 2]);

    expect((await readLines(root)).map((line) => line['value'])).toStrictEqual([1, 2]);
  });

  test('a topic that would leave the directory is refused', async () => {
    const writer = await openWriter(fileSink({ path: root }));

    expect(() => {
      writer.write(record({ topic: '../escape' }));
    }).toThrow(/cannot be a folder name/);
    await writer.close();
  });

  test('the next attempt removes what earlier attempts of its job left, and nothing else', async () => {
    const abandoned = await openWriter(fileSink({ path: root }), 1);
    abandoned.write(record({ topic: 't' }));
    await abandoned.flush(never);
    await abandoned.close();
    const foreign = await openWriter(fileSink({ path: root }), 1, 'another-job');
    foreign.write(record({ topic: 't' }));
    await foreign.flush(never);
    const before = await readdir(join(root, 't'));

    await (await openWriter(fileSink({ path: root }), 2)).close();
    const after = await readdir(join(root, 't'));
    await foreign.close();

    expect(before).toHaveLength(2);
    expect(after).toHaveLength(1);
  });

  test('an output that vanished before its commit is loud', async () => {
    const sink = fileSink({ path: root });
    const writer = await openWriter(sink);
    writer.write(record({ topic: 't' }));
    const committables = await writer.prepareCommit(never);
    await writer.close();
    await rm(join(root, 't'), { recursive: true });

    const committing = fileCoordinatorConnector.createCommitter(sink, committerContext()).commit(committables, never);

    await expect(committing).rejects.toMatchObject({ failure: { code: 'file-sink-part-lost', reaction: 'fail-job' } });
  });

  test('a second run under the same names is refused instead of overwriting the first', async () => {
    const sink = fileSink({ path: root });
    await writeAndCommit(sink, [record({ topic: 't' })]);
    const again = await openWriter(sink);
    again.write(record({ topic: 't' }));

    await expect(again.flush(never)).rejects.toMatchObject({
      failure: { code: 'file-sink-name-taken', reaction: 'fail-job' },
    });
    await again.close();
  });

  test('a committable cannot rename outside the output directory', async () => {
    const committer = fileCoordinatorConnector.createCommitter(fileSink({ path: root }), committerContext());
    const forged = JSON.stringify({ topic: 't', temporary: '../../etc', final: 'x' });

    await expect(committer.commit([forged], never)).rejects.toThrow(/no valid temporary/);
  });

  test('a path that is a file fails the job and says so', async () => {
    await writeFile(join(root, 'taken'), '');

    await expect(openWriter(fileSink({ path: join(root, 'taken') }))).rejects.toMatchObject({
      failure: { code: 'file-not-a-directory', reaction: 'fail-job' },
    });
  });
});

function record(fields: Partial<OutputRecord>): OutputRecord {
  return { topic: 't', key: undefined, value: Buffer.from('1'), headers: {}, ...fields };
}

async function openWriter<T>(sink: SinkSpec<T>, attempt = 1, jobId = 'job'): Promise<SinkWriter<unknown>> {
  const writer = fileTaskConnector.createWriter(sink);
  await writer.open(writerContext({ signal: new WakeSignal(), attempt, jobId }), never);
  return writer;
}

async function writeAndCommit<T>(sink: SinkSpec<T>, values: readonly T[]): Promise<void> {
  const writer = await openWriter(sink);
  for (const value of values) {
    writer.write(value);
  }
  const committables = await writer.prepareCommit(never);
  await writer.close();
  await fileCoordinatorConnector.createCommitter(sink, committerContext()).commit(committables, never);
}

async function readLines(folder: string): Promise<readonly Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  for (const topic of existsSync(folder) ? await readdir(folder) : []) {
    for (const name of (await readdir(join(folder, topic))).filter((file) => !file.startsWith('.'))) {
      const text = await readFile(join(folder, topic, name), 'utf8');
      lines.push(
        ...text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      );
    }
  }
  return lines;
}
