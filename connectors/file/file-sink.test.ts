import { mkdtemp, readFile, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OutputRecord } from '../../shared/connector/records.ts';
import type { Committable, SinkCommitter, SinkSpec, SinkWriter } from '../../shared/connector/sink.ts';
import { parseAttemptNumber, parseCheckpointId } from '../../shared/ids.ts';
import type { CheckpointId } from '../../shared/ids.ts';
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

  test('what an abandoned attempt left is deleted, with that of earlier ones, and nothing else', async () => {
    const sink = fileSink({ path: root });
    for (const [attempt, jobId] of [
      [1, 'job'],
      [2, 'job'],
      [3, 'job'],
      [2, 'another-job'],
    ] as const) {
      await leaveUncommitted(sink, attempt, jobId);
    }
    await writeAndCommit(sink, [record({})], { attempt: 2, subtask: 5 });
    await writeFile(join(root, 't', '.of-somebody-else'), '');

    await committerOf(sink).abandon({ attempt: parseAttemptNumber(2), parallelism: 1, transactionPool: 4 }, never);

    expect((await readdir(join(root, 't'))).map((name) => /a\d|somebody|^part/.exec(name)?.[0]).sort()).toStrictEqual([
      'a2',
      'a3',
      'part',
      'somebody',
    ]);
  });

  test('an attempt that never wrote can be abandoned, also before there is a directory', async () => {
    const committer = committerOf(fileSink({ path: join(root, 'nowhere') }));
    const attempt = { attempt: parseAttemptNumber(1), parallelism: 2, transactionPool: 4 };

    await expect(committer.abandon(attempt, never)).resolves.toBeUndefined();
  });

  test('a frozen writer that wakes up after its attempt was abandoned leaves a hidden file at most', async () => {
    const sink = fileSink({ path: root });
    const frozen = await openWriter(sink, 1);
    frozen.write(record({ value: Buffer.from('"late"') }));
    await committerOf(sink).abandon({ attempt: parseAttemptNumber(1), parallelism: 1, transactionPool: 4 }, never);
    await frozen.prepareCommit(checkpoint(1), never);
    await writeAndCommit(sink, [record({})], { attempt: 2, n: 2 });

    const names = await readdir(join(root, 't'));
    expect(names.filter((name) => !name.startsWith('.'))).toHaveLength(1);
    expect(names.filter((name) => name.startsWith('.'))).toHaveLength(1);

    await committerOf(sink).abandon({ attempt: parseAttemptNumber(2), parallelism: 1, transactionPool: 4 }, never);
    expect(await readdir(join(root, 't'))).toHaveLength(1);
  });

  test('in the order of the names the lines are in the order of the checkpoints, whichever subtask and attempt wrote them', async () => {
    const sink = fileSink({ path: root });
    for (const [n, subtask, attempt] of [
      [2, 1, 1],
      [9, 0, 1],
      [10, 3, 2],
      [100, 2, 2],
      [1_000_000_007, 0, 3],
    ] as const) {
      await writeAndCommit(sink, [record({ value: Buffer.from(String(n)) })], { attempt, n, subtask });
    }

    const names = (await readdir(join(root, 't'))).sort();
    const values = await Promise.all(
      names.map(async (name) => JSON.parse(await readFile(join(root, 't', name), 'utf8')) as { value: number }),
    );
    expect(values.map(({ value }) => value)).toStrictEqual([2, 9, 10, 100, 1_000_000_007]);
  });

  test.each([
    ['vanished', async (file: string) => await rm(file), /is gone/],
    ['was cut', async (file: string) => await truncate(file, 3), /has 3 bytes instead of \d+/],
  ])('output that %s before its commit is a loss, and loud', async (_name, damage, said) => {
    const sink = fileSink({ path: root });
    const prepared = await leaveUncommitted(sink, 1);
    const [hidden] = await readdir(join(root, 't'));
    await damage(join(root, 't', hidden ?? ''));

    const committing = committerOf(sink).commit(prepared, never);

    await expect(committing).rejects.toMatchObject({
      failure: { code: 'exactly-once-violation', reaction: 'fail-job' },
    });
    await expect(committing).rejects.toThrow(said);
  });

  test('two coordinators that commit the same parts at once give each its name once', async () => {
    const sink = fileSink({ path: root });
    const prepared: string[] = [];
    for (const topic of ['a', 'b', 'c', 'd', 'e']) {
      prepared.push(...(await leaveUncommitted(sink, 1, 'job', topic)));
    }

    await Promise.all([1, 2, 3].map(async () => await committerOf(sink).commit(prepared, never)));

    expect(await readLines(root)).toHaveLength(5);
  });

  test('a file of another run under the same name is not overwritten', async () => {
    const sink = fileSink({ path: root });
    await writeAndCommit(sink, [record({})]);

    await expect(writeAndCommit(sink, [record({})])).rejects.toMatchObject({
      failure: { code: 'file-sink-name-taken', reaction: 'fail-job' },
    });
    expect(await readLines(root)).toHaveLength(1);
  });

  test('a commit that the system refuses is to be repeated, and succeeds when it is', async () => {
    const sink = fileSink({ path: root });
    const prepared = await leaveUncommitted(sink, 1);
    await rename(join(root, 't'), join(root, 'moved'));
    await writeFile(join(root, 't'), 'in the way');

    await expect(committerOf(sink).commit(prepared, never)).rejects.toMatchObject({ failure: { reaction: 'retry' } });
    await rm(join(root, 't'));
    await rename(join(root, 'moved'), join(root, 't'));
    await committerOf(sink).commit(prepared, never);

    expect(await readLines(root)).toHaveLength(1);
  });

  test('a checkpoint does not wait for lines that keep coming behind it', async () => {
    const sink = fileSink({ path: root, maxBufferedBytes: 100_000 });
    const writer = await openWriter(sink);
    const line = record({ value: Buffer.from(JSON.stringify('x'.repeat(70_000))) });
    writer.write(line);
    const ending = new AbortController();
    const keepWriting = (async () => {
      while (!ending.signal.aborted) {
        if (writer.isWritable) {
          writer.write(line);
        }
        await new Promise(setImmediate);
      }
    })();

    const prepared = await writer.prepareCommit(checkpoint(1), never);
    ending.abort();
    await keepWriting;
    await writer.close();

    expect(prepared).toHaveLength(1);
  });

  test('a committable cannot rename outside the output directory', async () => {
    const committer = fileCoordinatorConnector.createCommitter(fileSink({ path: root }), committerContext());
    const forged = JSON.stringify({ topic: 't', temporary: '../../etc', final: 'x', bytes: 1 });

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

function checkpoint(n: number): CheckpointId {
  return parseCheckpointId(BigInt(n));
}

function committerOf(sink: SinkSpec<unknown>): SinkCommitter {
  return fileCoordinatorConnector.createCommitter(sink, committerContext());
}

async function openWriter<T>(sink: SinkSpec<T>, attempt = 1, jobId = 'job', subtask = 0): Promise<SinkWriter<unknown>> {
  const writer = fileTaskConnector.createWriter(sink);
  await writer.open(writerContext({ signal: new WakeSignal(), attempt, jobId, subtask }), never);
  return writer;
}

/** One line in one finished part that nobody has committed. */
async function leaveUncommitted<T>(
  sink: SinkSpec<T>,
  attempt: number,
  jobId = 'job',
  topic = 't',
): Promise<readonly Committable[]> {
  const writer = await openWriter(sink, attempt, jobId);
  writer.write(record({ topic }));
  const prepared = await writer.prepareCommit(checkpoint(7), never);
  await writer.close();
  return prepared.map(({ committable }) => committable);
}

async function writeAndCommit<T>(
  sink: SinkSpec<T>,
  values: readonly T[],
  { attempt = 1, n = 1, subtask = 0 } = {},
): Promise<void> {
  const writer = await openWriter(sink, attempt, 'job', subtask);
  for (const value of values) {
    writer.write(value);
  }
  const prepared = await writer.prepareCommit(checkpoint(n), never);
  await writer.close();
  await committerOf(sink).commit(
    prepared.map(({ committable }) => committable),
    never,
  );
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
