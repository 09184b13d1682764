import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Inspection } from './inspection.ts';
import { inspectJob } from './node-inspect-job.ts';

const folder = mkdtempSync(join(tmpdir(), 'nerve-inspect-'));
const index = JSON.stringify(join(import.meta.dirname, '../../index.ts'));
let modules = 0;
const limits = { deadlineMs: 10_000, heapMbMax: 64 };

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('a module that draws its graph is sound, and its fingerprint is told', async () => {
  const text = `
    import { defineJob, fileSink, fileSource } from ${index};
    console.log('a module may print');
    setInterval(() => undefined, 1000);
    export const job = defineJob('j', (flow) => {
      flow.source(fileSource({ path: 'in' }), { uid: 'a' }).map(() => ({})).sinkTo(fileSink({ path: 'out' }), { uid: 'b' });
    });`;

  expect(await inspect(text)).toStrictEqual({
    kind: 'sound',
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
});

test.each([
  [
    'waits for ever',
    'await new Promise((r) => setTimeout(r, 60_000));',
    { ...limits, deadlineMs: 1_000 },
    'within 1000 ms',
  ],
  ['never gives up the thread', 'for (;;) {}', { ...limits, deadlineMs: 1_000 }, 'within 1000 ms'],
  [
    'takes all memory',
    'const all = []; for (;;) all.push(new Array(1e5).fill({}));',
    limits,
    'ERR_WORKER_OUT_OF_MEMORY|heap|memory',
  ],
  ['ends the process', 'process.exit(3);', limits, 'exit code 3'],
])('a module that %s does so in its own thread', async (_, text, within, sentence) => {
  const inspection = await inspect(text, within);

  expect(inspection.kind).toBe('unsound');
  expect(inspection.kind === 'unsound' ? inspection.problems.join() : '').toMatch(new RegExp(sentence, 'i'));
});

test('a submission that is given up ends the thread', async () => {
  const stop = new AbortController();
  const inspected = inspect('for (;;) {}', limits, stop.signal);
  stop.abort();

  expect(await inspected).toMatchObject({ kind: 'unsound' });
});

async function inspect(text: string, within = limits, signal = new AbortController().signal): Promise<Inspection> {
  modules += 1;
  const location = join(folder, `${modules}.mjs`);
  writeFileSync(location, text);
  return await inspectJob({ location, args: {}, parallelism: 1, maxParallelism: 128 }, signal, within);
}
