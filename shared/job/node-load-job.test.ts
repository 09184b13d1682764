import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { StreamError } from '../failure/failure.ts';
import { defineJob } from '../graph/define-job.ts';
import { buildGraph } from './build-graph.ts';
import { loadJob } from './node-load-job.ts';

const folder = mkdtempSync(join(tmpdir(), 'nerve-job-'));
const define = JSON.stringify(join(import.meta.dirname, '../graph/define-job.ts'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('loading a job module', () => {
  test('gives the job that it exports', async () => {
    const path = moduleOf(
      'good.mjs',
      `import { defineJob } from ${define}; export const job = defineJob('good', () => {});`,
    );

    const job = await loadJob(path);

    expect(job.name).toBe('good');
  });

  test.each([
    ['none.mjs', 'export const jobs = 1;', 'job-module-invalid', 'it exports jobs, but no "job"'],
    ['other.mjs', 'export const job = {};', 'job-module-invalid', 'was not made by defineJob'],
    ['throws.mjs', 'throw new TypeError("no table");', 'job-module-failed', 'TypeError: no table'],
    ['broken.mjs', 'export const = 3;', 'job-module-failed', 'importing the job module'],
  ])('says what is wrong with %s', async (name, source, code, sentence) => {
    const failure = await failureOf(loadJob(moduleOf(name, source)));

    expect(failure.code).toBe(code);
    expect(failure.reaction).toBe('fail-job');
    expect(failure.message).toContain(sentence);
    expect(failure.message).toContain(name);
  });

  test('names a module that is not there', async () => {
    const failure = await failureOf(loadJob(join(folder, 'absent.ts')));

    expect(failure.code).toBe('job-module-not-found');
  });
});

describe('building a graph', () => {
  test('tells every problem at once', async () => {
    const job = defineJob('two', () => undefined);

    const failure = await failureOf(build(job, { color: 'red' }));
    const empty = await failureOf(build(job, {}));

    expect(failure.message).toContain('unknown argument --color');
    expect(empty.message).toContain('has no source');
    expect(empty.message).toContain('has no sink');
  });

  test('says that the build function threw', async () => {
    const job = defineJob('thrower', () => {
      throw new RangeError('too many rules');
    });

    const failure = await failureOf(build(job, {}));

    expect(failure.code).toBe('job-build-failed');
    expect(failure.message).toContain('RangeError: too many rules');
  });
});

async function build(job: Parameters<typeof buildGraph>[0], args: Record<string, string>): Promise<void> {
  await Promise.resolve();
  buildGraph(job, args, { parallelism: 1, maxParallelism: 128 });
}

function moduleOf(name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(path, source);
  return path;
}

async function failureOf(run: Promise<unknown>): Promise<StreamError['failure']> {
  const error: unknown = await run.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StreamError);
  return (error as StreamError).failure;
}
