import type { Command } from 'commander';
import { formatFailure } from '../../shared/failure/failure.ts';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext, CommandOptions } from '../cli-context.ts';
import { runEmbedded } from '../embedded/run-embedded.ts';
import type { EmbeddedRunDeps, EmbeddedRunResult } from '../embedded/run-embedded.ts';
import { renderSummary } from '../embedded/run-summary.ts';
import type { PreparedJob } from '../job/node-prepare-job.ts';
import { parseCount } from '../terminal/usage-error.ts';
import { EXIT } from '../terminal/terminal.ts';
import type { ExitCode } from '../terminal/terminal.ts';

export interface RunCommandDeps extends EmbeddedRunDeps {
  readonly prepare: (modulePath: string, words: readonly string[]) => Promise<PreparedJob>;
}

/**
 * What an embedded run sets below all that the user says: quick metrics, quiet logs, and an end to a job that cannot run
 * (on a cluster it would be restarted for ever).
 */
export const EMBEDDED_DEFAULTS: Readonly<Record<string, string>> = {
  'heartbeat.interval': '250 ms',
  'log.level': 'warn',
  'restart-strategy.exponential-delay.attempts-before-reset-backoff': '1',
};

/** `nerve run`: a job on a cluster of its own, without any outside service. */
export function registerRunCommand(program: Command, cli: CliContext, deps: RunCommandDeps): void {
  program
    .command('run')
    .description('run a job on an embedded cluster and wait for its end')
    .argument('<module>', 'the job module, such as jobs/hl7-pipeline/job.ts')
    .allowUnknownOption()
    .allowExcessArguments()
    .option('-p, --parallelism <n>', 'parallelism of operators that set none (default: parallelism.default)')
    .option('--task-managers <n>', 'number of task-manager processes (default 1)')
    .option('-q, --quiet', 'no progress')
    .addHelpText(
      'after',
      '\nEvery other option goes to the job ("nerve plan MODULE --help-job" lists them).\n\nExample:\n' +
        '  nerve run jobs/hl7-pipeline/job.ts --input messages/ --output out/ --parallelism 2\n\n' +
        'State and checkpoints of the run lie in a folder of its own below io.tmp.dirs and go with it;\n' +
        'checkpoints are kept where -D state.checkpoints.dir=FOLDER says.',
    )
    .action(async function run(this: Command, modulePath: string): Promise<void> {
      const words = this.args.slice(1);
      await action(cli, async (options) => await runJob(cli, deps, options, { modulePath, words })).call(this);
    });
}

async function runJob(
  cli: CliContext,
  deps: RunCommandDeps,
  options: CommandOptions,
  { modulePath, words }: { readonly modulePath: string; readonly words: readonly string[] },
): Promise<ExitCode> {
  const taskManagers = parseCount('--task-managers', options.taskManagers, 1);
  const own: Record<string, string> =
    options.parallelism === undefined ? {} : { 'parallelism.default': options.parallelism };
  const settings = readSettings(cli, options, own, EMBEDDED_DEFAULTS);
  const prepared = await deps.prepare(
    modulePath,
    words.filter((word) => word !== '--'),
  );
  const result = await runEmbedded(
    { prepared, settings, taskManagers, isQuiet: options.quiet === true || options.json },
    deps,
    cli.signal,
  );
  cli.terminal.out(options.json ? `${JSON.stringify(result)}\n` : renderResult(result));
  return exitCodeOf(result);
}

export function renderResult(result: EmbeddedRunResult): string {
  const summary = renderSummary(result.summary, result.elapsedMs, result.checkpoints);
  if (result.state === 'finished') {
    return summary;
  }
  const why = result.failure === undefined ? '' : `: ${formatFailure(result.failure)}`;
  return `the job ${result.state}${why}\n${summary}${UNFINISHED}`;
}

/** Else people look for files that are not there. */
const UNFINISHED =
  '\nWritten is what the sinks took. Files and transactions show what the last completed checkpoint holds.\n';

export function exitCodeOf(result: EmbeddedRunResult): ExitCode {
  switch (result.state) {
    case 'finished':
      return EXIT.ok;
    case 'cancelled':
      return EXIT.interrupted;
    default:
      return EXIT.failed;
  }
}
