import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import fc from 'fast-check';
import type { SourceRecord } from '../../shared/connector/records.ts';
import type { SourceSpec } from '../../shared/connector/source.ts';
import { MetricRegistry } from '../../shared/metrics/metric-registry.ts';
import { WakeSignal, enumeratorContext, readerContext } from '../connector-testing.ts';
import { describeSourceConformance } from '../source.conformance.ts';
import type { FileFraming } from './framing.ts';
import { fileCoordinatorConnector } from './node-file-coordinator-connector.ts';
import { fileTaskConnector } from './node-file-task-connector.ts';
import { fileSource } from './source-spec.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'nerve-file-source-'));
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describeSourceConformance('file source by lines', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nerve-file-source-'));
  await put(folder, 'a.txt', 'a1\na2\r\na3');
  await put(folder, 'b/c.txt', 'c1\n\nc3\n');
  await put(folder, 'b/empty.txt', '');
  await put(folder, 'd.txt', 'd1\n');
  return {
    spec: fileSource({ path: folder, framing: 'lines' }),
    coordinator: fileCoordinatorConnector,
    task: fileTaskConnector,
    identify: (value) => describeRecord(value as SourceRecord),
    expected: new Map([
      ['a.txt', ['a.txt#0=a1', 'a.txt#1=a2', 'a.txt#2=a3']],
      ['b/c.txt', ['b/c.txt#0=c1', 'b/c.txt#1=', 'b/c.txt#2=c3']],
      ['d.txt', ['d.txt#0=d1']],
    ]),
    cleanUp: async () => await rm(folder, { recursive: true, force: true }),
  };
});

describeSourceConformance('file source of whole files', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nerve-file-source-'));
  const names = ['1', '2', '3', '4', '5', '6', 'empty'];
  for (const name of names) {
    await put(folder, name, name === 'empty' ? '' : `file ${name}`);
  }
  return {
    spec: fileSource({ path: folder }),
    coordinator: fileCoordinatorConnector,
    task: fileTaskConnector,
    identify: (value) => describeRecord(value as SourceRecord),
    expected: new Map(names.map((name) => [name, [`${name}#0=${name === 'empty' ? '' : `file ${name}`}`]])),
    cleanUp: async () => await rm(folder, { recursive: true, force: true }),
  };
});

describe('file source', () => {
  test('files come in name order, hidden ones are left out, and a record tells where it came from', async () => {
    await put(root, 'b.hl7', 'B');
    await put(root, 'a/z.hl7', 'Z');
    await put(root, '.hidden', 'H');
    await put(root, '.git/x', 'X');

    const records = await readAll(fileSource({ path: root }));

    expect(
      records.map((record) => [record.headers['file'], record.position.partition, record.position.offset]),
    ).toStrictEqual([
      ['a/z.hl7', 0, 0n],
      ['b.hl7', 1, 0n],
    ]);
  });

  test('the path may be a single file', async () => {
    await put(root, 'one.hl7', 'ONE');

    const records = await readAll(fileSource({ path: join(root, 'one.hl7') }));

    expect(records.map(describeRecord)).toStrictEqual(['one.hl7#0=ONE']);
  });

  test('an empty file is one empty record when files are records', async () => {
    await put(root, 'empty.hl7', '');

    const records = await readAll(fileSource({ path: root }));

    expect(records.map(describeRecord)).toStrictEqual(['empty.hl7#0=']);
  });

  test('a whole file larger than allowed comes by reference', async () => {
    await put(root, 'large.hl7', 'x'.repeat(1_001));

    const records = await readAll(fileSource({ path: root, maxRecordBytes: 1_000 }));

    expect(records.map((record) => [record.value.length, record.oversizeBytes])).toStrictEqual([[0, 1_001]]);
  });

  test('a line larger than allowed comes by reference, and the lines around it whole', async () => {
    await put(root, 'lines.txt', `before\n${'x'.repeat(700_000)}\nafter\n`);

    const records = await readAll(fileSource({ path: root, framing: 'lines', maxRecordBytes: 1_000 }));

    expect(records.map((record) => record.oversizeBytes ?? record.value.toString())).toStrictEqual([
      'before',
      700_001,
      'after',
    ]);
  });

  test('any framing cuts a file the same way whatever the sizes of records and limit are', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 300_000 }),
        async (sizes, limit) => {
          await put(root, 'f.txt', sizes.map((size) => 'y'.repeat(size)).join('\n') + '\n');

          const records = await readAll(fileSource({ path: root, framing: 'lines', maxRecordBytes: limit }));

          expect(records.map((record) => record.oversizeBytes ?? record.value.length)).toStrictEqual(
            sizes.map((size) => (size + 1 > limit ? size + 1 : size)),
          );
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });

  test('a framing of the job decides where records end', async () => {
    const bySemicolon: FileFraming = {
      name: 'semicolon',
      isEmptyFileARecord: false,
      recordEnd: (bytes, searchFrom) =>
        bytes.indexOf(';', searchFrom) === -1 ? undefined : bytes.indexOf(';', searchFrom) + 1,
    };
    await put(root, 'f', 'a;b;c');

    const records = await readAll(fileSource({ path: root, framing: bySemicolon }));

    expect(records.map((record) => record.value.toString())).toStrictEqual(['a;', 'b;', 'c']);
  });

  test('a missing path fails the job, naming the path and the remedy', async () => {
    const enumerator = fileCoordinatorConnector.createEnumerator(
      fileSource({ path: join(root, 'nowhere') }),
      enumeratorContext(),
    );

    const discovering = enumerator.discover(new Set(), new AbortController().signal);

    await expect(discovering).rejects.toThrow(/nowhere": it does not exist/);
    await expect(discovering).rejects.toMatchObject({ failure: { code: 'file-not-found', reaction: 'fail-job' } });
  });

  test('a link to a file that does not exist fails the job, naming the link and not the folder', async () => {
    await put(root, 'a.hl7', 'A');
    await mkdir(join(root, 'below'));
    await symlink(join(root, 'moved-away.hl7'), join(root, 'below', 'dangling.hl7'));

    const discovering = discover(fileSource({ path: root }));

    await expect(discovering).rejects.toThrow(/below\/dangling\.hl7": it is a link to something that does not exist/);
    await expect(discovering).rejects.toMatchObject({
      failure: { code: 'file-not-found', reaction: 'fail-job', remedy: expect.stringContaining('link') as string },
    });
  });

  test('a link that leads back to itself fails the job, naming the link', async () => {
    await symlink('circle.hl7', join(root, 'circle.hl7'));

    await expect(discover(fileSource({ path: root }))).rejects.toThrow(/circle\.hl7": the system says ELOOP/);
  });

  test('a link to a file is followed', async () => {
    await put(root, 'folder/a.hl7', 'A');
    await symlink(join(root, 'folder', 'a.hl7'), join(root, 'folder', 'link.hl7'));

    const records = await readAll(fileSource({ path: join(root, 'folder') }));

    expect(records.map(describeRecord)).toStrictEqual(['a.hl7#0=A', 'link.hl7#0=A']);
  });

  test('a file that shrank after it was found fails the job', async () => {
    await put(root, 'f.txt', 'x'.repeat(1_000));
    const spec = fileSource({ path: root });
    const splits = await discover(spec);
    await truncate(join(root, 'f.txt'), 10);

    await expect(readSplits(spec, splits)).rejects.toMatchObject({
      failure: { code: 'file-shrank', reaction: 'fail-job' },
    });
  });

  test('a reader that is not polled reads ahead no more than its bound', async () => {
    await put(root, 'big.txt', `${'z'.repeat(99_999)}\n`.repeat(300));
    const spec = fileSource({ path: root, framing: 'lines' });
    const reader = fileTaskConnector.createReader(spec);
    const signal = new WakeSignal();
    const registry = new MetricRegistry();
    await reader.open({ ...readerContext({ signal }), metrics: registry.group({}) }, new AbortController().signal);
    reader.addSplits(await discover(spec));
    reader.noMoreSplits();
    await vi.waitUntil(
      () => (registry.samples().find((sample) => sample.name === 'bufferedBytes')?.value ?? 0) >= 4 * 1024 * 1024,
    );

    let handedOver = 0;
    reader.poll(1_000, { collect: () => (handedOver += 1) });
    await reader.close();

    expect(handedOver).toBeGreaterThan(30);
    expect(handedOver).toBeLessThan(50);
  });

  test('wrong options are problems, all at once', () => {
    const spec = fileSource({ path: ' ', maxRecordBytes: 0 });

    expect(spec.problems).toHaveLength(2);
  });
});

async function put(folder: string, name: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}

function describeRecord(record: SourceRecord): string {
  return `${record.position.split}#${record.position.offset}=${record.value.toString()}`;
}

async function discover(spec: SourceSpec<unknown>) {
  const found = await fileCoordinatorConnector
    .createEnumerator(spec, enumeratorContext())
    .discover(new Set(), new AbortController().signal);
  return found.splits;
}

async function readAll(spec: SourceSpec<SourceRecord>): Promise<readonly SourceRecord[]> {
  return await readSplits(spec, await discover(spec));
}

async function readSplits(
  spec: SourceSpec<SourceRecord>,
  splits: Awaited<ReturnType<typeof discover>>,
): Promise<readonly SourceRecord[]> {
  const signal = new WakeSignal();
  const reader = fileTaskConnector.createReader(spec);
  const records: SourceRecord[] = [];
  await reader.open(readerContext({ signal }), new AbortController().signal);
  try {
    reader.addSplits(splits);
    reader.noMoreSplits();
    for (;;) {
      const result = reader.poll(10, { collect: (value) => records.push(value as SourceRecord) });
      if (result === 'finished') {
        return records;
      }
      if (result === 'wait') {
        await signal.next();
      }
    }
  } finally {
    await reader.close();
  }
}
