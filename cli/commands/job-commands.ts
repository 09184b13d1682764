import type { Command } from 'commander';
import { hasEnded } from '../admin/admin-client.ts';
import type { AdminClient, JobDetail } from '../admin/admin-client.ts';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext, GlobalOptions } from '../cli-context.ts';
import type { PreparedJob } from '../job/node-prepare-job.ts';
import { EXIT } from '../terminal/terminal.ts';
import type { ExitCode } from '../terminal/terminal.ts';
import { renderTable } from '../terminal/table.ts';
import { formatAge, renderJob, renderJobs } from './jobs-view.ts';
import { formatFailure } from '../../shared/failure/failure.ts';
import type { Clock } from '../../shared/clock/clock.ts';

export interface JobCommandDeps {
  readonly clock: Clock;
  readonly connect: (addresses: readonly string[]) => AdminClient;
  readonly prepare: (modulePath: string, words: readonly string[]) => Promise<PreparedJob>;
}

/** `nerve submit | list | status | cancel | cluster`: what operators ask of a running cluster. */
export function registerJobCommands(program: Command, cli: CliContext, deps: JobCommandDeps): void {
  program
    .command('submit')
    .description('submit a job module to the cluster')
    .argument('<module>', 'the job module, such as jobs/hl7-pipeline/job.ts')
    .argument('[job-arguments...]', 'behind --: the arguments of the job')
    .option('-p, --parallelism <n>', 'parallelism of operators that set none')
    .option('--job-id <id>', 'name the job; generated when absent')
    .option('--wait', 'wait for the end of the job; exit 1 when it failed')
    .addHelpText(
      'after',
      '\nExample:\n  nerve submit jobs/hl7-pipeline/job.ts -- --input-topic hl7.raw --output-prefix hl7.',
    )
    .action(
      action(cli, async (options, modulePath: string, words: readonly string[]) => {
        const own: Record<string, string> =
          options.parallelism === undefined ? {} : { 'parallelism.default': options.parallelism };
        const settings = readSettings(cli, options, own);
        const prepared = await deps.prepare(modulePath, words);
        return await withClient(deps, settings.configuration['coordinator.rpc.addresses'], async (client) => {
          const { jobId } = await client.submit({
            module: prepared.module,
            args: prepared.args,
            parallelism: options.parallelism === undefined ? undefined : settings.configuration['parallelism.default'],
            jobId: options.jobId,
          });
          if (options.wait !== true) {
            cli.terminal.out(options.json ? `${JSON.stringify({ jobId })}\n` : `${jobId}\n`);
            return EXIT.ok;
          }
          cli.terminal.err(`submitted ${jobId}\n`);
          return await waitForEnd(cli, deps, client, { jobId, json: options.json });
        });
      }),
    );

  program
    .command('list')
    .description('list the jobs of the cluster')
    .action(
      action(
        cli,
        async (options) =>
          await withClient(deps, addressesOf(cli, options), async (client) => {
            const jobs = await client.list();
            cli.terminal.out(options.json ? `${JSON.stringify(jobs)}\n` : renderJobs(jobs, deps.clock.nowMs()));
            return EXIT.ok;
          }),
      ),
    );

  program
    .command('status')
    .description('show a job: its subtasks, rates and last failures')
    .argument('<job>', 'job id')
    .action(
      action(
        cli,
        async (options, jobId: string) =>
          await withClient(deps, addressesOf(cli, options), async (client) => {
            const detail = await client.job(jobId, { metrics: true, plan: options.json });
            cli.terminal.out(options.json ? `${JSON.stringify(detail)}\n` : renderJob(detail, deps.clock.nowMs()));
            return EXIT.ok;
          }),
      ),
    );

  program
    .command('cancel')
    .description('cancel a job; repeating it does no harm')
    .argument('<job>', 'job id')
    .action(
      action(
        cli,
        async (options, jobId: string) =>
          await withClient(deps, addressesOf(cli, options), async (client) => {
            const detail = await client.cancel(jobId);
            return reportEnd(cli, detail, options.json);
          }),
      ),
    );

  program
    .command('cluster')
    .description('show the leader and the task managers with their slots')
    .action(
      action(
        cli,
        async (options) =>
          await withClient(deps, addressesOf(cli, options), async (client) => {
            const cluster = await client.cluster();
            if (options.json) {
              cli.terminal.out(`${JSON.stringify({ ...cluster, leaderEpoch: cluster.leaderEpoch.toString() })}\n`);
              return EXIT.ok;
            }
            cli.terminal.out(`leader ${cluster.leader}, epoch ${cluster.leaderEpoch}, version ${cluster.version}\n`);
            const rows = cluster.taskManagers.map((tm) => [
              tm.id,
              tm.dataAddress,
              String(tm.slots),
              String(tm.freeSlots),
              formatAge(tm.lastHeartbeatMsAgo),
            ]);
            cli.terminal.out(renderTable([['TASK MANAGER', 'DATA ADDRESS', 'SLOTS', 'FREE', 'HEARD'], ...rows]));
            return EXIT.ok;
          }),
      ),
    );
}

/** Polls until the job has ended; the exit code says how. */
async function waitForEnd(
  cli: CliContext,
  deps: JobCommandDeps,
  client: AdminClient,
  { jobId, json }: { readonly jobId: string; readonly json: boolean },
): Promise<ExitCode> {
  for (;;) {
    const detail = await client.job(jobId);
    if (hasEnded(detail.summary)) {
      return reportEnd(cli, detail, json);
    }
    await deps.clock.sleep(500, cli.signal);
    if (cli.signal.aborted) {
      cli.terminal.err(`${jobId} goes on; "nerve status ${jobId}" shows it\n`);
      return EXIT.interrupted;
    }
  }
}

function reportEnd(cli: CliContext, { summary }: JobDetail, json: boolean): ExitCode {
  if (json) {
    cli.terminal.out(`${JSON.stringify(summary)}\n`);
  } else {
    const why =
      summary.failure === undefined || summary.state !== 'failed' ? '' : `: ${formatFailure(summary.failure)}`;
    cli.terminal.out(`${summary.jobId} ${summary.state}${why}\n`);
  }
  return summary.state === 'failed' ? EXIT.failed : EXIT.ok;
}

async function withClient<T>(
  deps: JobCommandDeps,
  addresses: readonly string[],
  use: (client: AdminClient) => Promise<T>,
): Promise<T> {
  const client = deps.connect(addresses);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

function addressesOf(cli: CliContext, options: GlobalOptions): readonly string[] {
  return readSettings(cli, options).configuration['coordinator.rpc.addresses'];
}
