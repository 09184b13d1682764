import type { Command } from 'commander';
import { withClient } from '../admin/with-client.ts';
import type { ConnectAdmin } from '../admin/with-client.ts';
import { action } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import { renderGarbage } from '../savepoints/snapshot-view.ts';
import { EXIT } from '../terminal/terminal.ts';

/** `nerve gc [JOB] [--dry-run]`: what no checkpoint can need any more. */
export function registerGcCommand(program: Command, cli: CliContext, connect: ConnectAdmin): void {
  program
    .command('gc')
    .description('delete snapshot objects that no checkpoint can need any more')
    .argument('[job]', 'job id; all jobs when absent')
    .option('--dry-run', 'only tell')
    .option(
      '--unknown-jobs',
      'also all of jobs that this cluster does not know: only where no other one uses the directory',
    )
    .action(
      action(
        cli,
        async (options, jobId?: string) =>
          await withClient({ cli, connect, options }, async (client) => {
            const dryRun = options.dryRun === true;
            const collected = await client.collectGarbage({
              jobId,
              dryRun,
              includeUnknownJobs: options.unknownJobs === true,
            });
            cli.terminal.out(options.json ? `${JSON.stringify(collected)}\n` : renderGarbage(collected, dryRun));
            return collected.jobs.some(({ failure }) => failure !== undefined) ? EXIT.failed : EXIT.ok;
          }),
      ),
    );
}
