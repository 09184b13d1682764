import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { METADATA_FORMAT } from '../../shared/checkpoint/format-metadata.ts';
import { referencedObjects } from '../../shared/checkpoint/referenced-objects.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { parseSnapshotFolder, metadataKeyIn } from '../../shared/checkpoint/snapshot-folder.ts';
import { openSnapshotStore } from '../../shared/snapshot-store/node-open-snapshot-store.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import { ClusterUnderTest } from '../harness/cluster-under-test.ts';
import { areConsecutive, numbersByPatient, seen, visitsIn } from './written-visits.ts';
import type { Visit } from './written-visits.ts';

const root = join(import.meta.dirname, '../..');
const module = join(root, 'integration-tests/jobs/visits-job.ts');
const PATIENTS = 20;
const call = { deadlineMs: 10_000, signal: new AbortController().signal };
const s3 = { endpoint: undefined, region: '', accessKey: undefined, secretKey: undefined };

let folder: string;
let cluster: ClusterUnderTest;
let address: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-savepoints-'));
  cluster = await ClusterUnderTest.start({
    taskManagers: 2,
    slots: 3,
    configuration: {
      'state.checkpoints.dir': join(folder, 'checkpoints'),
      'state.savepoints.dir': join(folder, 'savepoints'),
      'execution.checkpointing.interval': '200 ms',
      'pipeline.max-parallelism': '64',
    },
  });
  address = (await cluster.admin.cluster()).leader;
});

afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a job goes on from its savepoints at any parallelism, each visit counted once', async () => {
  const output = join(folder, 'out-1');
  const args = ['--output', output];
  await cluster.submit(module, args, 2, { jobId: 'visits' });
  await seen(output, 200);

  const taken = nerve(['savepoint', 'visits']);
  const after = await seen(output, visitsIn(output).length + 200);
  const directory = directoryOf(nerve(['stop', 'visits', '--savepoint', join(folder, 'elsewhere'), '--json']));
  const atStop = visitsIn(output);

  expect(taken.status).toBe(0);
  expect(taken.stdout.trim()).toMatch(new RegExp(`^${folder}/savepoints/savepoint-visits-[0-9a-f]{8}$`));
  expect(directory).toContain(`${folder}/elsewhere/savepoint-visits-`);
  expect((await cluster.admin.job('visits')).summary.state).toBe('finished');
  expect(numbered(after)).toBe(true);
  expect(await verifySavepoint(taken.stdout.trim())).toBe('savepoint');

  await cluster.submit(module, args, 3, { jobId: 'visits-2', fromSavepoint: directory });
  await seen(output, atStop.length + 400);
  const again = await stopped('visits-2');
  await cluster.submit(module, args, 1, { jobId: 'visits-3', fromSavepoint: again });
  const atEnd = await seen(output, visitsIn(output).length + 400);
  await cluster.admin.cancel('visits-3');

  expect(numbered(atEnd)).toBe(true);
  expect(numbered(visitsIn(output))).toBe(true);
});

test('a savepoint of each earlier format is restored', async () => {
  for (let format = 1; format <= METADATA_FORMAT; format += 1) {
    const fixture = join(root, 'integration-tests/fixtures', `savepoint-format-${format}`);
    const { visits } = JSON.parse(readFileSync(join(fixture, 'expected.json'), 'utf8')) as {
      readonly visits: Readonly<Record<string, number>>;
    };
    const output = join(folder, `out-format-${format}`);
    const args = ['--output', output, '--patients', '6', '--notes-bytes', '12000'];
    const jobId = `format-${format}`;
    await cluster.submit(module, args, 3, { jobId, fromSavepoint: join(fixture, 'savepoint') });
    await seen(output, 100);
    await cluster.admin.cancel(jobId);

    const written = numbersByPatient(visitsIn(output));
    expect(written.size).toBe(6);
    for (const [patient, numbers] of written) {
      expect(areConsecutive(numbers, (visits[patient] ?? 0) + 1)).toBe(true);
    }
  }
});

test('what a savepoint holds can be looked at, and deleted', async () => {
  const output = join(folder, 'out-2');
  await cluster.submit(module, ['--output', output], 2, { jobId: 'looked-at' });
  await seen(output, 300);
  const directory = await stopped('looked-at');
  const visits = visitsIn(output).filter(({ patient }) => patient === 'p3').length;

  const inspected = nerve(['savepoint', 'inspect', directory, '--verify']);
  const get = (state: string, key: string): ReturnType<typeof nerve> =>
    nerve(['state', 'get', directory, '--operator', 'count', '--state', state, '--key', key]);

  expect(inspected.stdout).toContain('is a savepoint of job looked-at');
  expect(inspected.stdout).toMatch(/count +2 +64 [^]* last +list /);
  expect(jsonOf(get('visits', 'p3'))).toStrictEqual({ value: visits, version: 1 });
  expect(jsonOf(get('last', 'p3'))).toStrictEqual({
    list: [visits - 2, visits - 1, visits].map((value) => ({ value, version: 1 })),
  });

  expect(nerve(['savepoint', 'dispose', directory]).status).toBe(0);
  expect(existsSync(directory)).toBe(false);
});

test('before a job is replaced, its state can be checked; what would be lost is refused or left behind', async () => {
  const output = join(folder, 'out-3');
  await cluster.submit(module, ['--output', output], 2, { jobId: 'checked' });
  await seen(output, 100);
  const check = (...args: readonly string[]): ReturnType<typeof nerve> =>
    nerve(['--json', '-D', 'pipeline.max-parallelism=64', 'check', module, '--against', 'checked', ...args]);
  const verdicts = (result: ReturnType<typeof nerve>): Record<string, string> =>
    Object.fromEntries(
      (jsonOf(result) as { uid: string; what: string; verdict: string }[]).map(({ uid, what, verdict }) => [
        `${uid} ${what}`,
        verdict,
      ]),
    );

  const same = check('-p', '2');
  const renamed = check('-p', '4', '--', '--renamed');

  expect(same.status).toBe(0);
  expect(verdicts(same)).toStrictEqual({
    'feed splits': 'restored',
    'count state visits': 'restored',
    'count state last': 'restored',
    'count state wards': 'restored',
    'count state notes': 'restored',
    'count timers': 'restored',
  });
  expect(renamed.status).toBe(1);
  expect(verdicts(renamed)).toMatchObject({
    'count state visits': 'dropped',
    'count state arrivals': 'new',
    'count state last': 'redistributed',
  });

  const directory = await stopped('checked');
  const submit = (...more: readonly string[]): ReturnType<typeof nerve> =>
    nerve([
      'submit',
      module,
      '--job-id',
      'checked-2',
      '-p',
      '2',
      '--from-savepoint',
      directory,
      ...more,
      '--',
      '--output',
      output,
      '--without-counter',
    ]);
  const refused = submit();
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('operator count has state in the savepoint');
  const allowed = submit('--allow-non-restored-state');
  expect(allowed.stderr).toContain('state was left behind of operators count');
  await cluster.inState('checked-2', 'running');
  await cluster.admin.cancel('checked-2');
});

test('after a collection nothing is left that no checkpoint names', async () => {
  const output = join(folder, 'out-4');
  await cluster.submit(module, ['--output', output], 2, { jobId: 'swept' });
  await seen(output, 600);
  await cluster.admin.cancel('swept');

  const store = await openSnapshotStore(join(folder, 'checkpoints'), s3);
  await store.put('jobs/swept/state/1/count/0/late-1', Buffer.from('of a write that landed when all was over'), call);
  const dry = nerve(['gc', 'swept', '--dry-run']);
  const request = { jobId: 'swept', dryRun: false, includeUnknownJobs: false };
  await cluster.admin.collectGarbage(request);

  expect(dry.stdout).toMatch(/WOULD BE DELETED[^]*attempt-over/);
  expect((await cluster.admin.collectGarbage(request)).jobs.flatMap(({ garbage }) => garbage)).toStrictEqual([]);
  const { directory } = await cluster.admin.checkpoint('swept');
  const kept = await keysOf(store, 'jobs/swept/checkpoints/');
  const named = new Set<string>();
  for (const key of kept) {
    referencedObjects(await readMetadata(store, key, call)).forEach((object) => named.add(object.key));
  }
  const objects = (await keysOf(store, 'jobs/swept/')).filter((key) => !kept.includes(key));
  expect(kept).toContain(`${directory.slice(`${folder}/checkpoints/`.length)}/metadata`);
  expect(objects.toSorted()).toStrictEqual([...named].toSorted());
  await store.close();
});

/** Each patient's visits are 1, 2, 3 … each once. */
function numbered(visits: readonly Visit[]): boolean {
  const byPatient = numbersByPatient(visits);
  return byPatient.size === PATIENTS && [...byPatient.values()].every((numbers) => areConsecutive(numbers, 1));
}

async function verifySavepoint(directory: string): Promise<string> {
  const { location, folder: name } = parseSnapshotFolder(directory);
  const store = await openSnapshotStore(location, s3);
  const metadata = await readMetadata(store, metadataKeyIn(name), call);
  const keys = await keysOf(store, `${name}/`);
  expect(keys.toSorted()).toStrictEqual(
    [metadataKeyIn(name), ...referencedObjects(metadata).map(({ key }) => key)].toSorted(),
  );
  await store.close();
  return metadata.kind;
}

async function keysOf(store: SnapshotStore, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix, call)) {
    keys.push(key);
  }
  return keys;
}

function nerve(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, 'cli/main.ts'), '-D', `coordinator.rpc.addresses=${address}`, ...args],
    { encoding: 'utf8', cwd: root },
  );
  return { status, stdout, stderr };
}

async function stopped(jobId: string): Promise<string> {
  return (await cluster.admin.stop(jobId, { directory: undefined, drain: false })).directory;
}

function directoryOf(result: ReturnType<typeof nerve>): string {
  return (jsonOf(result) as { readonly directory: string }).directory;
}

function jsonOf({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): unknown {
  if (stdout === '') {
    throw new Error(`nothing was written; ${stderr}`);
  }
  return JSON.parse(stdout);
}
