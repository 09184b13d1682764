import type { Command } from 'commander';
import { withClient } from '../admin/with-client.ts';
import type { ConnectAdmin } from '../admin/with-client.ts';
import { action } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import { collect } from '../terminal/collect-option.ts';
import { EXIT } from '../terminal/terminal.ts';
import { parseCount, usage } from '../terminal/usage-error.ts';

/** `nerve rescale JOB --parallelism N [--operator UID=N …]`: the job goes on at another parallelism, nothing lost or doubled. */
export function registerRescaleCommand(program: Command, cli: CliContext, connect: ConnectAdmin): void {
  program
    .command('rescale')
    .description('run a job on at another parallelism, from a checkpoint that is taken for it')
    .argument('<job>', 'job id')
    .option('-p, --parallelism <n>', 'of operators for which nothing else is said')
    .option('--operator <uid=n>', 'of one operator; may be repeated', collect, [])
    .action(
      action(cli, async (options, jobId: string) => {
        const parallelism = countOf('--parallelism', options.parallelism);
        const operators = parseOperators(Array.isArray(options.operator) ? options.operator : []);
        if (parallelism === undefined && Object.keys(operators).length === 0) {
          throw usage('nothing is to be changed.', 'Say --parallelism N, or --operator UID=N.');
        }
        return await withClient({ cli, connect, options }, async (client) => {
          const { attempt, checkpoint } = await client.rescale(jobId, { parallelism, operators });
          cli.terminal.out(
            options.json
              ? `${JSON.stringify({ jobId, attempt, checkpoint: checkpoint.toString() })}\n`
              : `${jobId} runs as attempt ${attempt}, from checkpoint ${checkpoint}\n`,
          );
          return EXIT.ok;
        });
      }),
    );
}

function countOf(flag: string, text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseCount(flag, text, 1);
}

function parseOperators(words: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    words.map((word) => {
      const [, uid, count] = /^([^=]+)=([^=]+)$/.exec(word) ?? [];
      if (uid === undefined || count === undefined) {
        throw usage(`--operator takes UID=N, got "${word}".`, 'Example: --operator parse=4');
      }
      return [uid, parseCount(`--operator ${uid}=N`, count, 1)];
    }),
  );
}
