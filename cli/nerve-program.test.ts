import { CommanderError } from 'commander';
import { describe, expect, test } from 'vitest';
import { MemoryClock } from '../shared/clock/memory-clock.ts';
import { StreamError } from '../shared/failure/failure.ts';
import { parseLeaderEpoch } from '../shared/ids.ts';
import { MemoryLeaderDirectory } from '../shared/leader/memory-leader-directory.ts';
import { defineJob, fileSink, generatorSource } from '../index.ts';
import type { OutputRecord } from '../index.ts';
import type { AdminClient } from './admin/admin-client.ts';
import type { TxnCommandDeps } from './commands/txn-command.ts';
import type { CliContext, Settings } from './cli-context.ts';
import { nerveProgram } from './nerve-program.ts';

const pipe = defineJob('pipe', (flow) => {
  flow
    .source(generatorSource({ next: () => ({ value: Buffer.alloc(0) }), count: 1, splits: 1, seed: 1 }), { uid: 'in' })
    .map((): OutputRecord => ({ topic: 't', key: undefined, value: Buffer.alloc(0), headers: {} }))
    .sinkTo(fileSink({ path: 'out' }), { uid: 'out' });
});

describe('the command line', () => {
  test.each([
    [['--json', 'frobnicate']],
    [['status', '--json']],
    [['list', 'extra', '--json']],
    [['topics', 'create', 't', '--partitions', 'abc', '--json']],
    [['run', 'job.ts', '--task-managers', '0', '--json']],
    [['demo', '--messages', 'abc', '--json']],
    [['-D', 'kafka.bootstrap.server=a:1', 'list', '--json']],
  ])('wrong use is told as JSON where JSON is asked for: %j', async (words) => {
    const { err, exitCode } = await nerve(words);

    expect(exitCode).toBe(2);
    expect(JSON.parse(err)).toMatchObject({ error: { reaction: 'fail-job' } });
  });

  test('a problem list is followed by its remedy on a line of its own', async () => {
    const { err } = await nerve(['-D', 'a=1', '-D', 'b=2', 'list']);

    expect(err).toBe(
      'nerve: the configuration is wrong:\n  - -D: unknown key "a"\n  - -D: unknown key "b"\n' +
        '"nerve config" lists every key. [configuration-invalid]\n',
    );
  });

  test('config lists the keys of connectors too', async () => {
    const { out } = await nerve(['config']);

    expect(out).toContain('kafka.bootstrap.servers');
    expect(out).toContain('parallelism.default');
  });
});

test('a task manager that was told to ends with its standard input, and no other', async () => {
  const told = await nerve(['taskmanager', '--end-with-input']);
  const untold = await nerve(['taskmanager']);

  expect([told.exitCode, untold.exitCode]).toStrictEqual([0, 1]);
});

describe('an embedded run', () => {
  test('takes what the user configured over its own defaults', async () => {
    const fromFile = await nerve(['-c', 'nerve.yaml', 'demo'], {
      'heartbeat.interval': '2 s',
      'parallelism.default': '3',
    });
    const fromDefinition = await nerve(['-D', 'parallelism.default=4', 'demo']);
    const untouched = await nerve(['demo']);

    expect(fromFile.started?.configuration['heartbeat.interval']).toBe(2_000);
    expect(fromFile.started?.configuration['parallelism.default']).toBe(3);
    expect(fromDefinition.started?.configuration['parallelism.default']).toBe(4);
    expect(untouched.started?.configuration['heartbeat.interval']).toBe(250);
    expect(untouched.started?.configuration['parallelism.default']).toBe(2);
  });

  test('the demo keeps its earlier output when it cannot start', async () => {
    const wrong = await nerve(['demo', '--messages', 'abc']);
    const right = await nerve(['demo']);

    expect(wrong.emptied).toStrictEqual([]);
    expect(right.emptied).toStrictEqual(['out']);
  });
});

interface Run {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number | undefined;
  readonly emptied: readonly string[];
  /** With what a cluster would have been started. */
  readonly started: Settings | undefined;
}

test('leader says who leads, in which epoch and for how long', async () => {
  const where = ['-D', 'coordinator.rpc.addresses=a:1'];

  expect(await nerve(['leader', ...where])).toMatchObject({ out: 'a:1 leads in epoch 7, for 61 s\n', exitCode: 0 });
  const json = await nerve(['leader', '--json', ...where]);
  expect(JSON.parse(json.out)).toStrictEqual({ leader: 'a:1', epoch: '7', sinceMs: -61_000 });
});

test('leader ends with code 3 when nobody leads', async () => {
  const { out, exitCode } = await nerve(['leader', '-D', 'coordinator.rpc.addresses=nobody:1']);

  expect([out, exitCode]).toStrictEqual(['no coordinator leads\n', 3]);
});

test('txn list shows what is owed, and what Kafka holds open where Kafka is configured', async () => {
  const kafka = ['-D', 'kafka.bootstrap.servers=k:1'];
  const { out, exitCode } = await nerve(['txn', 'list', ...kafka]);
  const json = await nerve(['txn', 'list', 'owing', '--json']);

  expect(exitCode).toBe(0);
  expect(out).toMatch(/owing +running +12 +3 +1\n/);
  expect(out).toMatch(/c\/lineage\/owing\/sink\/7\/0\/1 +Ongoing +30 s +14 min.* +4/);
  expect(JSON.parse(json.out)).toMatchObject({
    jobs: [{ jobId: 'owing', owed: [{ sink: 'out', outputs: 3 }], open: [] }],
  });
});

test('txn commit says how much was owed, and txn abort drops what is owed only when the loss is accepted', async () => {
  expect((await nerve(['txn', 'commit', 'owing'])).out).toBe('3 prepared outputs of owing are committed\n');
  expect((await nerve(['txn', 'commit', 'other'])).out).toBe('nothing was owed\n');
  expect(await nerve(['txn', 'abort', 'owing'])).toMatchObject({ exitCode: 1 });
  expect((await nerve(['txn', 'abort', 'owing', '--accept-loss'])).out).toBe(
    'nothing of attempt 7 of owing is open any more\n',
  );
});

function transactionsOf(jobId: string | undefined): Awaited<ReturnType<TxnCommandDeps['listTransactions']>> {
  return [
    {
      jobId: jobId ?? 'owing',
      state: 'running',
      checkpoint: '12',
      owed: [{ sink: 'out', outputs: 3 }],
      prefix: `c/lineage/${jobId ?? 'owing'}/`,
    },
  ];
}

/** One command line; a cluster never comes up. */
async function nerve(words: readonly string[], file: Readonly<Record<string, string>> = {}): Promise<Run> {
  let out = '';
  let err = '';
  let exitCode: number | undefined;
  let started: Settings | undefined;
  const emptied: string[] = [];
  const cli: CliContext = {
    terminal: { out: (text) => (out += String(text)), err: (text) => (err += text), isInteractive: false },
    fileLayer: (origin) => ({ origin, values: file }),
    environment: { origin: 'environment', values: {} },
    signal: new AbortController().signal,
    setExitCode: (code) => (exitCode = code),
  };
  const noCluster = new StreamError({ code: 'no-cluster', reaction: 'fail-job', message: 'not in this test' });
  const program = nerveProgram(cli, '1', {
    clock: new MemoryClock(),
    terminal: cli.terminal,
    connect: (): AdminClient => {
      throw noCluster;
    },
    openDirectory: ({ 'coordinator.rpc.addresses': [address = ''] }) =>
      new MemoryLeaderDirectory(
        new MemoryClock(),
        address === 'nobody:1' ? undefined : { address, epoch: parseLeaderEpoch(7n), sinceMs: -61_000 },
      ),
    prepare: async () => await Promise.resolve({ module: Buffer.alloc(0), job: pipe, args: {} }),
    declareStates: async () => await Promise.resolve([]),
    startCluster: async ({ settings }) => {
      started = settings;
      return await Promise.reject(noCluster);
    },
    runCoordinator: async () => await Promise.resolve(0),
    runTaskManager: async (_, signal) => await Promise.resolve(signal.aborted ? 0 : 9),
    inputEnd: () => AbortSignal.abort(),
    createTopics: async () => {
      await Promise.resolve();
    },
    listTransactions: async (_, jobId) => await Promise.resolve(transactionsOf(jobId)),
    commitTransactions: async (_, jobId) => await Promise.resolve(jobId === 'owing' ? 3 : 0),
    abortTransactions: async (_, jobId, acceptsLoss) => {
      if (jobId === 'owing' && !acceptsLoss) {
        throw new StreamError({ code: 'transactions-owed', reaction: 'fail-job', message: 'owed' });
      }
      return await Promise.resolve([7]);
    },
    openTransactions: async (_, prefix) =>
      await Promise.resolve([
        {
          transactionalId: `${prefix}sink/7/0/1`,
          state: 'Ongoing',
          startedAtMs: -30_000,
          timeoutMs: 900_000,
          partitions: 4,
        },
      ]),
    demoModule: 'job.ts',
    demoOutput: 'out',
    emptyFolder: (path) => emptied.push(path),
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) {
      throw error;
    }
  }
  return { out, err, exitCode, emptied, started };
}
