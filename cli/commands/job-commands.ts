import type { Command } from 'commander';
import type { Clock } from '../../shared/clock/clock.ts';
import { withClient } from '../admin/with-client.ts';
import type { ConnectAdmin } from '../admin/with-client.ts';
import { action } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import type { PreparedJob } from '../job/node-prepare-job.ts';
import { EXIT } from '../terminal/terminal.ts';
import { registerClusterCommand } from './cluster-command.ts';
import { jobToJson, renderJob, renderJobs } from './jobs-view.ts';
import { reportEnd } from './report-end.ts';
import { registerSubmitCommand } from './submit-command.ts';

export interface JobCommandDeps {
  readonly clock: Clock;
  readonly connect: ConnectAdmin;
  readonly prepare: (modulePath: string, words: readonly string[]) => Promise<PreparedJob>;
}

/** `nerve submit | list | status | cancel | cluster`: what operators ask of a running cluster. */
export function registerJobCommands(program: Command, cli: CliContext, deps: JobCommandDeps): void {
  registerSubmitCommand(program, cli, deps);
  registerListCommand(program, cli, deps);
  registerStatusCommand(program, cli, deps);
  registerCancelCommand(program, cli, deps);
  registerClusterCommand(program, cli, deps.connect);
}

function registerListCommand(program: Command, cli: CliContext, { connect, clock }: JobCommandDeps): void {
  program
    .command('list')
    .description('list the jobs of the cluster')
    .action(
      action(
        cli,
        async (options) =>
          await withClient({ cli, connect, options }, async (client) => {
            const jobs = await client.list();
            cli.terminal.out(options.json ? `${JSON.stringify(jobs)}\n` : renderJobs(jobs, clock.nowMs()));
            return EXIT.ok;
          }),
      ),
    );
}

function registerStatusCommand(program: Command, cli: CliContext, { connect, clock }: JobCommandDeps): void {
  program
    .command('status')
    .description('show a job: its subtasks, rates and last failures')
    .argument('<job>', 'job id')
    .action(
      action(
        cli,
        async (options, jobId: string) =>
          await withClient({ cli, connect, options }, async (client) => {
            const detail = await client.job(jobId, { metrics: true, plan: options.json });
            cli.terminal.out(options.json ? `${jobToJson(detail)}\n` : renderJob(detail, clock.nowMs()));
            return EXIT.ok;
          }),
      ),
    );
}

function registerCancelCommand(program: Command, cli: CliContext, { connect }: JobCommandDeps): void {
  program
    .command('cancel')
    .description('cancel a job; repeating it does no harm')
    .argument('<job>', 'job id')
    .action(
      action(
        cli,
        async (options, jobId: string) =>
          await withClient({ cli, connect, options }, async (client) =>
            reportEnd(cli, await client.cancel(jobId), options.json),
          ),
      ),
    );
}
