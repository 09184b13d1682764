import type { Command } from 'commander';
import { withClient } from '../admin/with-client.ts';
import type { ConnectAdmin } from '../admin/with-client.ts';
import { action } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import { absoluteDirectory } from '../savepoints/node-open-snapshot.ts';
import { EXIT } from '../terminal/terminal.ts';
import { usage } from '../terminal/usage-error.ts';
import { tellSavepoint } from './savepoint-command.ts';

/** `nerve stop JOB --savepoint [DIR] [--drain]`: an end from which the job can go on. */
export function registerStopCommand(program: Command, cli: CliContext, connect: ConnectAdmin): void {
  program
    .command('stop')
    .description('end a job by a last checkpoint that becomes a savepoint; its output is complete')
    .argument('<job>', 'job id')
    .option('--savepoint [directory]', 'where the savepoint goes; state.savepoints.dir when absent')
    .option('--drain', 'advance time to its end first: timers fire, windows close; for a job that is not to be resumed')
    .action(
      action(cli, async (options, jobId: string) => {
        const { savepoint } = options;
        if (savepoint === undefined) {
          throw usage(
            'a job is stopped with a savepoint.',
            'Say --savepoint [DIR]; "nerve cancel" ends a job without one.',
          );
        }
        const directory = typeof savepoint === 'string' ? absoluteDirectory(savepoint) : undefined;
        return await withClient({ cli, connect, options }, async (client) => {
          tellSavepoint(cli, options, await client.stop(jobId, { directory, drain: options.drain === true }));
          return EXIT.ok;
        });
      }),
    );
}
