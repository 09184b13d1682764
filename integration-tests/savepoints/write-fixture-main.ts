import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { METADATA_FORMAT } from '../../shared/checkpoint/format-metadata.ts';
import { ClusterUnderTest } from '../harness/cluster-under-test.ts';
import { numbersByPatient, seen, visitsIn } from './written-visits.ts';

// Writes fixtures/savepoint-format-N with the present format: `node integration-tests/savepoints/write-fixture-main.ts`. To be run once
// for each format, when it is new, and never again for an old one: savepoint-formats.it.test.ts restores them all.
const fixture = join(import.meta.dirname, `../fixtures/savepoint-format-${METADATA_FORMAT}`);
const folder = mkdtempSync(join(tmpdir(), 'nerve-fixture-'));
const output = join(folder, 'out');
const cluster = await ClusterUnderTest.start({
  taskManagers: 1,
  slots: 2,
  configuration: {
    'state.checkpoints.dir': join(folder, 'checkpoints'),
    'execution.checkpointing.interval': '2 s',
    'pipeline.max-parallelism': '64',
  },
});
try {
  const args = ['--output', output, '--patients', '6', '--rate', '60', '--notes-bytes', '12000'];
  await cluster.submit(join(import.meta.dirname, '../jobs/visits-job.ts'), args, 2, { jobId: 'visits' });
  await seen(output, 150);
  const { directory } = await cluster.admin.stop('visits', { directory: folder, drain: false });
  const visits = Object.fromEntries(
    [...numbersByPatient(visitsIn(output))].map(([patient, numbers]) => [patient, numbers.length]),
  );
  rmSync(fixture, { recursive: true, force: true });
  mkdirSync(fixture, { recursive: true });
  cpSync(directory, join(fixture, 'savepoint'), { recursive: true });
  writeFileSync(join(fixture, 'expected.json'), `${JSON.stringify({ visits }, undefined, 2)}\n`);
} finally {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
}
