import type { Command } from 'commander';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext, Settings } from '../cli-context.ts';
import { renderTable } from '../terminal/table.ts';
import { EXIT } from '../terminal/terminal.ts';
import { formatAge } from './jobs-view.ts';

/** What the records say of a job's output. */
export interface JobTransactions {
  readonly jobId: string;
  readonly state: string;
  readonly checkpoint: string | undefined;
  /** Promised by that checkpoint and not known to be committed. */
  readonly owed: readonly { readonly sink: string; readonly outputs: number }[];
  /** What the job's transactional ids begin with. */
  readonly prefix: string;
}

/** A transaction that Kafka holds open: readers that read committed wait for its end. */
export interface OpenTransaction {
  readonly transactionalId: string;
  readonly state: string;
  /** Epoch milliseconds; undefined: its coordinator does not say. */
  readonly startedAtMs: number | undefined;
  readonly timeoutMs: number;
  readonly partitions: number;
}

export interface TxnCommandDeps {
  readonly listTransactions: (
    settings: Settings,
    jobId: string | undefined,
    signal: AbortSignal,
  ) => Promise<readonly JobTransactions[]>;
  readonly commitTransactions: (settings: Settings, jobId: string, signal: AbortSignal) => Promise<number>;
  readonly abortTransactions: (
    settings: Settings,
    jobId: string,
    acceptsLoss: boolean,
    signal: AbortSignal,
  ) => Promise<readonly number[]>;
  readonly openTransactions: (
    settings: Settings,
    prefix: string,
    signal: AbortSignal,
  ) => Promise<readonly OpenTransaction[]>;
  readonly clock: { nowMs(): number };
}

/** `nerve txn list | commit | abort`: the transactions of a job whose cluster is down, before their timeout ends them. */
export function registerTxnCommand(program: Command, cli: CliContext, deps: TxnCommandDeps): void {
  const txn = program
    .command('txn')
    .description('prepared output of jobs whose coordinators are down: show, commit or drop it');
  txn
    .command('list')
    .description('show what checkpoints promised and is not committed, and which Kafka transactions are open')
    .argument('[job]', 'job id; all jobs when absent')
    .action(
      action(cli, async (options, jobId?: string) => {
        const settings = readSettings(cli, options);
        const jobs = await deps.listTransactions(settings, jobId, cli.signal);
        const found = [];
        for (const job of jobs) {
          found.push({ ...job, open: await openOf(settings, job.prefix, deps, cli.signal) });
        }
        cli.terminal.out(
          options.json ? `${JSON.stringify({ jobs: found })}\n` : renderTransactions(found, deps.clock.nowMs()),
        );
        return EXIT.ok;
      }),
    );
  txn
    .command('commit')
    .description('commit what the last checkpoint of a job promised')
    .argument('<job>', 'job id')
    .addHelpText('after', '\nRefused while a coordinator leads: it does the same by itself.')
    .action(
      action(cli, async (options, jobId: string) => {
        const committed = await deps.commitTransactions(readSettings(cli, options), jobId, cli.signal);
        const text = committed === 0 ? 'nothing was owed' : `${committed} prepared outputs of ${jobId} are committed`;
        cli.terminal.out(options.json ? `${JSON.stringify({ jobId, committed })}\n` : `${text}\n`);
        return EXIT.ok;
      }),
    );
  txn
    .command('abort')
    .description('drop what no checkpoint of a job promised, so that readers need not wait for it')
    .argument('<job>', 'job id')
    .option('--accept-loss', 'drop also what a checkpoint promised: those records are lost')
    .action(
      action(cli, async (options, jobId: string) => {
        const acceptsLoss = options.acceptLoss === true;
        const settings = readSettings(cli, options);
        const attempts = await deps.abortTransactions(settings, jobId, acceptsLoss, cli.signal);
        const text =
          attempts.length === 0
            ? `job ${jobId} has no attempt that could hold anything`
            : `nothing of attempt ${attempts.join(', ')} of ${jobId} is open any more`;
        cli.terminal.out(options.json ? `${JSON.stringify({ jobId, attempts })}\n` : `${text}\n`);
        return EXIT.ok;
      }),
    );
}

/** Where no Kafka is configured there is nothing to ask. */
async function openOf(
  settings: Settings,
  prefix: string,
  { openTransactions }: TxnCommandDeps,
  signal: AbortSignal,
): Promise<readonly OpenTransaction[]> {
  return settings.connectors.has('kafka.bootstrap.servers') ? await openTransactions(settings, prefix, signal) : [];
}

export function renderTransactions(
  jobs: readonly (JobTransactions & { readonly open: readonly OpenTransaction[] })[],
  nowMs: number,
): string {
  if (jobs.length === 0) {
    return 'no jobs\n';
  }
  const overview = renderTable([
    ['JOB', 'STATE', 'CHECKPOINT', 'OWED', 'OPEN IN KAFKA'],
    ...jobs.map(({ jobId, state, checkpoint, owed, open }) => [
      jobId,
      state,
      checkpoint ?? 'none',
      String(owed.reduce((sum, { outputs }) => sum + outputs, 0)),
      String(open.length),
    ]),
  ]);
  const open = jobs.flatMap((job) => job.open);
  return open.length === 0
    ? overview
    : `${overview}\n${renderTable([
        ['TRANSACTION', 'STATE', 'OPEN FOR', 'ENDS IN', 'PARTITIONS'],
        ...open.map((each) => [each.transactionalId, each.state, ...timesOf(each, nowMs), String(each.partitions)]),
      ])}`;
}

function timesOf({ startedAtMs, timeoutMs }: OpenTransaction, nowMs: number): readonly string[] {
  if (startedAtMs === undefined) {
    return ['-', '-'];
  }
  const left = startedAtMs + timeoutMs - nowMs;
  return [formatAge(Math.max(0, nowMs - startedAtMs)), left <= 0 ? 'now' : formatAge(left)];
}
