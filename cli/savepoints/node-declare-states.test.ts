import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defineJob } from '../../index.ts';
import { declareStates } from './node-declare-states.ts';
import type { DeclareOptions } from './node-declare-states.ts';
import type { JobOperator } from './compare-states.ts';

const index = JSON.stringify(join(import.meta.dirname, '../../index.ts'));
const job = defineJob('looked-at', () => undefined);
const { signal } = new AbortController();

test('what operators declare when they open is told, whatever else they begin', async () => {
  const operators = await declare(
    "setInterval(() => undefined, 1_000); state.value(valueState({ name: 'visits', version: 2 }));",
  );

  expect(operators.find(({ uid }) => uid === 'count')).toMatchObject({
    kind: 'keyed-process',
    parallelism: 3,
    declared: { kind: 'declared', states: [{ name: 'visits', kind: 'value', version: 2 }] },
  });
});

test('a function that throws is unknown, and one that never opens, ends the thread or fails beside is told', async () => {
  const [, thrown] = await declare("throw new TypeError('no table');");

  expect(thrown?.declared).toMatchObject({ kind: 'unknown', why: 'TypeError: no table' });
  await expect(declare('for (;;) {}', { deadlineMs: 1_000 })).rejects.toThrow('did not open in time');
  await expect(declare('process.exit(7);')).rejects.toThrow('exit code 7');
});

async function declare(open: string, over: Partial<DeclareOptions> = {}): Promise<readonly JobOperator[]> {
  const module = Buffer.from(`
    import { defineJob, fileSink, fileSource, valueState } from ${index};
    const count = { open({ state }) { ${open} }, process() {} };
    export const job = defineJob('j', (flow) => {
      flow.source(fileSource({ path: 'in' }), { uid: 'in' }).keyBy(() => 'k').process(count, { uid: 'count' })
        .sinkTo(fileSink({ path: 'out' }), { uid: 'out' });
    });`);
  return await declareStates({ module, job, args: {} }, { parallelism: 3, maxParallelism: 128, ...over }, signal);
}
