import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { OutputRecord } from '../../index.ts';
import { KeyedFunctionUnderTest } from '../keyed-function-testing.ts';
import { CountResults, job } from './job.ts';

test('each patient has a count of its own, also over checkpoints', async () => {
  const out: string[] = [];
  const outputs = {
    emit: ({ key, value }: OutputRecord): void => void out.push(`${key ?? ''}=${value.toString()}`),
    sideOutput: (): void => undefined,
  };
  const counting = await KeyedFunctionUnderTest.open(new CountResults(), (patient) => patient, 0);

  for (const patient of ['A|1', 'B|2', 'A|1', 'A|1', 'B|2']) {
    await counting.process(patient, outputs);
    await counting.checkpoint();
  }

  expect(out).toStrictEqual(['A|1=1', 'B|2=1', 'A|1=2', 'A|1=3', 'B|2=2']);
});

test('the job builds, and the README shows it as it is', () => {
  const text = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8');
  const shown = text('job.ts').replaceAll("'../../index.ts'", "'nerve-stream'");

  expect(job.build({}, { parallelism: 2, maxParallelism: 128 })).toMatchObject({ kind: 'graph' });
  expect(text('../../README.md')).toContain(shown.trim());
});
