import type { Command } from 'commander';
import { hasEnded } from '../admin/admin-client.ts';
import type { AdminClient, Submission } from '../admin/admin-client.ts';
import { withClient } from '../admin/with-client.ts';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext, CommandOptions } from '../cli-context.ts';
import { absoluteDirectory } from '../savepoints/node-open-snapshot.ts';
import { EXIT } from '../terminal/terminal.ts';
import type { ExitCode } from '../terminal/terminal.ts';
import { parseCount } from '../terminal/usage-error.ts';
import type { JobCommandDeps } from './job-commands.ts';
import { reportEnd } from './report-end.ts';

/** How often the job is looked at by `--wait`. */
const LOOK_MS = 500;

/** `nerve submit`: a job module and its arguments to the cluster. */
export function registerSubmitCommand(program: Command, cli: CliContext, deps: JobCommandDeps): void {
  program
    .command('submit')
    .description('submit a job module to the cluster')
    .argument('<module>', 'the job module, such as jobs/hl7-pipeline/job.ts')
    .argument('[job-arguments...]', 'behind --: the arguments of the job')
    .option('-p, --parallelism <n>', 'parallelism of operators that set none; of a reactive job, the most')
    .option('--reactive', 'as much parallelism as the slots give, following them')
    .option('--no-reactive', 'a fixed parallelism, also where the scheduler-mode of the cluster is reactive')
    .option('--min-parallelism <n>', 'of a reactive job: the least at which it is to run')
    .option('--job-id <id>', 'name the job; generated when absent')
    .option('--from-savepoint <directory>', 'begin with the state of a savepoint or checkpoint')
    .option('--allow-non-restored-state', 'leave behind state of operators that the job does not have')
    .option('--wait', 'wait for the end of the job; exit 1 when it failed')
    .addHelpText(
      'after',
      '\nExample:\n  nerve submit jobs/hl7-pipeline/job.ts -- --input-topic hl7.raw --output-prefix hl7.',
    )
    .action(
      action(
        cli,
        async (options, modulePath: string, words: readonly string[]) =>
          await submit({ cli, deps, options }, modulePath, words),
      ),
    );
}

interface Call {
  readonly cli: CliContext;
  readonly deps: JobCommandDeps;
  readonly options: CommandOptions;
}

async function submit(call: Call, modulePath: string, words: readonly string[]): Promise<ExitCode> {
  const { cli, deps, options } = call;
  const own: Record<string, string> =
    options.parallelism === undefined ? {} : { 'parallelism.default': options.parallelism };
  const settings = readSettings(cli, options, own);
  const { module, args } = await deps.prepare(modulePath, words);
  // Without the option, the cluster's default holds and not this machine's.
  const parallelism = options.parallelism === undefined ? undefined : settings.configuration['parallelism.default'];
  return await withClient({ cli, connect: deps.connect, options }, async (client) => {
    const fromSavepoint = options.fromSavepoint === undefined ? undefined : absoluteDirectory(options.fromSavepoint);
    const allowNonRestoredState = options.allowNonRestoredState === true;
    const { schedulerMode, leastParallelism } = scalingOf(options);
    const scaling = { parallelism, schedulerMode, leastParallelism };
    const submission = { module, args, ...scaling, jobId: options.jobId, fromSavepoint, allowNonRestoredState };
    const { jobId, leftBehind } = await client.submit(submission);
    if (leftBehind.length > 0) {
      cli.terminal.err(`state was left behind of operators ${leftBehind.join(', ')}\n`);
    }
    if (options.wait !== true) {
      cli.terminal.out(options.json ? `${JSON.stringify({ jobId, leftBehind })}\n` : `${jobId}\n`);
      return EXIT.ok;
    }
    cli.terminal.err(`submitted ${jobId}\n`);
    return await waitForEnd(call, client, jobId);
  });
}

function scalingOf({
  reactive,
  minParallelism,
}: CommandOptions): Pick<Submission, 'schedulerMode' | 'leastParallelism'> {
  const leastParallelism =
    minParallelism === undefined ? undefined : parseCount('--min-parallelism', minParallelism, 1);
  return { schedulerMode: reactive === undefined ? undefined : reactive ? 'reactive' : 'default', leastParallelism };
}

/** Polls until the job has ended; the exit code says how. */
async function waitForEnd({ cli, deps, options }: Call, client: AdminClient, jobId: string): Promise<ExitCode> {
  for (;;) {
    const detail = await client.job(jobId);
    if (hasEnded(detail.summary)) {
      return reportEnd(cli, detail, options.json);
    }
    await deps.clock.sleep(LOOK_MS, cli.signal);
    if (cli.signal.aborted) {
      cli.terminal.err(`${jobId} goes on; "nerve status ${jobId}" shows it\n`);
      return EXIT.interrupted;
    }
  }
}
