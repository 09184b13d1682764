import { expect, test } from 'vitest';
import { job } from './job.ts';

test('the grep job builds and chains everything into one vertex', () => {
  const built = job.build({ input: 'in', output: 'out', contains: 'needle' }, { parallelism: 1, maxParallelism: 128 });

  expect(built).toMatchObject({ kind: 'graph', graph: { nodes: [{ uid: 'lines' }, {}, { uid: 'found' }] } });
});
