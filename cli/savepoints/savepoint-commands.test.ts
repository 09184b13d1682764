import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AdminClient } from '../admin/admin-client.ts';
import type { CliContext } from '../cli-context.ts';
import { registerGcCommand } from '../commands/gc-command.ts';
import { registerSavepointCommand } from '../commands/savepoint-command.ts';
import { registerStateCommand } from '../commands/state-command.ts';
import { registerStopCommand } from '../commands/stop-command.ts';
import { collect } from '../terminal/collect-option.ts';

const fixture = join(import.meta.dirname, '../../integration-tests/fixtures/savepoint-format-1/savepoint');
let folder: string;
let savepoint: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nerve-cli-'));
  savepoint = join(folder, 'savepoint-visits-1');
  cpSync(fixture, savepoint, { recursive: true });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a savepoint in a folder', () => {
  test('is inspected, also object by object', async () => {
    const { out, exitCode } = await nerve(['savepoint', 'inspect', savepoint, '--verify', '--json']);

    expect(exitCode).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ kind: 'savepoint', jobId: 'visits', directory: savepoint });
    expect(readdirSync(folder)).toStrictEqual(['savepoint-visits-1']);
    const damaged = readFileSync(join(savepoint, 'metadata'));
    writeFileSync(join(savepoint, 'objects', firstObject()), damaged);
    expect((await nerve(['savepoint', 'inspect', savepoint])).exitCode).toBe(0);
    expect((await nerve(['savepoint', 'inspect', savepoint, '--verify'])).err).toContain('snapshot-object-corrupt');
  });

  test('gives the state of one key, and says what it has when asked for what it has not', async () => {
    const get = async (...what: readonly string[]): ReturnType<typeof nerve> =>
      await nerve(['state', 'get', savepoint, '--operator', 'count', ...what]);
    const expected = JSON.parse(readFileSync(join(fixture, '../expected.json'), 'utf8')) as {
      readonly visits: Readonly<Record<string, number>>;
    };

    expect((await get('--state', 'visits', '--key', 'p4')).out).toBe(
      `{"value":${expected.visits['p4'] ?? 0},"version":1}\n`,
    );
    expect(await get('--state', 'visits', '--key', 'nobody')).toMatchObject({ exitCode: 1, out: '' });
    expect((await get('--state', 'none', '--key', 'p4')).err).toContain('it has visits, last, wards, notes.');
  });

  test('is deleted whole, and nothing else is', async () => {
    expect((await nerve(['savepoint', 'dispose', join(folder, 'none')])).err).toContain('there is no folder');
    writeFileSync(join(savepoint, 'notes.txt'), 'mine');
    expect((await nerve(['savepoint', 'dispose', savepoint])).err).toContain('no part of a savepoint');
    rmSync(join(savepoint, 'notes.txt'));

    expect((await nerve(['savepoint', 'dispose', savepoint])).out).toBe(`deleted ${savepoint} (4 objects)\n`);
    expect(existsSync(savepoint)).toBe(false);
  });

  test('that was not finished is deleted only when that is said', async () => {
    rmSync(join(savepoint, 'metadata'));

    expect((await nerve(['savepoint', 'dispose', savepoint])).err).toContain('it holds no savepoint');
    expect((await nerve(['savepoint', 'dispose', savepoint, '--unfinished'])).exitCode).toBe(0);
    expect(existsSync(savepoint)).toBe(false);
  });

  test('of a job itself is left to the job', async () => {
    const own = join(folder, 'jobs/visits/checkpoints/1-5');
    mkdirSync(join(own, '..'), { recursive: true });
    cpSync(fixture, own, { recursive: true });

    expect((await nerve(['savepoint', 'dispose', own])).err).toContain('it belongs to a job');
    expect(existsSync(own)).toBe(true);
  });
});

describe('what is asked of the cluster', () => {
  test('a savepoint goes where it was asked for, a relative folder meant as the caller sees it', async () => {
    const asked: unknown[] = [];
    const savepointOf: AdminClient['savepoint'] = async (...args) => {
      asked.push(args);
      return await Promise.resolve({ directory: '/safe/savepoint-a-1', checkpoint: 7n });
    };

    const text = await nerve(['savepoint', 'a', 'below'], { savepoint: savepointOf });
    const json = await nerve(['--json', 'savepoint', 'a'], { savepoint: savepointOf });

    expect(asked).toStrictEqual([
      ['a', join(process.cwd(), 'below')],
      ['a', undefined],
    ]);
    expect(text.out).toBe('/safe/savepoint-a-1\n');
    expect(JSON.parse(json.out)).toStrictEqual({ directory: '/safe/savepoint-a-1', checkpoint: '7' });
    expect((await nerve(['savepoint'])).exitCode).toBe(2);
  });

  test('a job is stopped with a savepoint, or not by this command', async () => {
    const asked: unknown[] = [];
    const stop: AdminClient['stop'] = async (...args) => {
      asked.push(args);
      return await Promise.resolve({ directory: '/safe/savepoint-a-1', checkpoint: 7n });
    };

    await nerve(['stop', 'a', '--savepoint', 's3://safe/sp', '--drain'], { stop });
    await nerve(['stop', 'a', '--savepoint'], { stop });

    expect(asked).toStrictEqual([
      ['a', { directory: 's3://safe/sp', drain: true }],
      ['a', { directory: undefined, drain: false }],
    ]);
    expect(await nerve(['stop', 'a'], { stop })).toMatchObject({ exitCode: 2 });
  });

  test('garbage is told by job and reason; a job that was left alone fails the command', async () => {
    const garbage = [{ reason: 'subsumed', objects: 3, bytes: 4_096, keys: ['jobs/a/x'] }];
    const failure = { code: 'snapshot-store-unavailable', reaction: 'retry', message: 'no answer.' } as const;
    const collectGarbage: AdminClient['collectGarbage'] = async ({ dryRun }) =>
      await Promise.resolve({
        jobs: [{ jobId: 'a', garbage, keptObjects: 2, keptBytes: 10, ...(dryRun ? {} : { failure }) }],
        unknownJobs: ['stranger'],
      });

    const dry = await nerve(['gc', '--dry-run'], { collectGarbage });
    const wet = await nerve(['gc'], { collectGarbage });

    expect(dry.exitCode).toBe(0);
    expect(dry.out).toBe(
      'JOB  WOULD BE DELETED  OBJECTS  BYTES\n' +
        'a    subsumed                3  4,096\n' +
        'a: 2 objects (10 bytes) that no checkpoint names yet are kept\n' +
        'of jobs that this cluster does not know, left alone: stranger\n',
    );
    expect(wet.exitCode).toBe(1);
    expect(wet.out).toContain('a: no answer. [snapshot-store-unavailable]');
  });
});

function firstObject(): string {
  return '019c78958c6cf3e05f2d6f1d272ab88240c36fc00ec5a17ba16e7a12ffba0b44';
}

async function nerve(
  words: readonly string[],
  client: Partial<AdminClient> = {},
): Promise<{ out: string; err: string; exitCode: number }> {
  const result = { out: '', err: '', exitCode: -1 };
  const cli: CliContext = {
    terminal: {
      out: (text) => {
        result.out += text.toString();
      },
      err: (text) => {
        result.err += text;
      },
      isInteractive: false,
    },
    fileLayer: () => ({ origin: 'file', values: {} }),
    environment: { origin: 'environment', values: {} },
    signal: new AbortController().signal,
    setExitCode: (code) => {
      result.exitCode = code;
    },
  };
  const program = new Command('nerve')
    .option('-D, --define <key=value>', 'set a configuration key', collect, [])
    .option('--json', 'machine-readable results', false)
    .exitOverride();
  const connect = (): AdminClient => ({ ...NO_CLIENT, ...client });
  registerSavepointCommand(program, cli, connect);
  registerStopCommand(program, cli, connect);
  registerStateCommand(program, cli);
  registerGcCommand(program, cli, connect);
  await program.parseAsync([...words], { from: 'user' });
  return result;
}

async function never(): Promise<never> {
  return await Promise.reject(new Error('not asked for'));
}

const NO_CLIENT: AdminClient = {
  submit: never,
  list: never,
  job: never,
  cancel: never,
  cluster: never,
  savepoint: never,
  stop: never,
  rescale: never,
  checkpoint: never,
  collectGarbage: never,
  close: () => undefined,
};
