import type { Command } from 'commander';
import { takeInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import type { CheckpointInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import { withClient } from '../admin/with-client.ts';
import type { ConnectAdmin } from '../admin/with-client.ts';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext, CommandOptions } from '../cli-context.ts';
import type { PreparedJob } from '../job/node-prepare-job.ts';
import { compareStates, isAlarming } from '../savepoints/compare-states.ts';
import type { JobOperator } from '../savepoints/compare-states.ts';
import { metadataOf, withSnapshotFolder } from '../savepoints/node-open-snapshot.ts';
import { renderVerdicts } from '../savepoints/snapshot-view.ts';
import { EXIT } from '../terminal/terminal.ts';
import { usage } from '../terminal/usage-error.ts';

export interface CheckCommandDeps {
  readonly connect: ConnectAdmin;
  readonly prepare: (modulePath: string, words: readonly string[]) => Promise<PreparedJob>;
  /** Opens the functions of the job, elsewhere. */
  readonly declareStates: (
    job: PreparedJob,
    defaults: { readonly parallelism: number; readonly maxParallelism: number },
    signal: AbortSignal,
  ) => Promise<readonly JobOperator[]>;
}

/** `nerve check MODULE --against JOB|DIR`: what would become of the state, before anything is stopped. */
export function registerCheckCommand(program: Command, cli: CliContext, deps: CheckCommandDeps): void {
  program
    .command('check')
    .description('tell which state a job would restore, redistribute, migrate or drop; exit 1 when it would lose any')
    .argument('<module>', 'the job module')
    .argument('[job-arguments...]', 'behind --: the arguments of the job')
    .requiredOption('--against <job-or-directory>', 'a running job, or the directory of a savepoint or checkpoint')
    .option('-p, --parallelism <n>', 'parallelism of operators that set none')
    .action(
      action(cli, async (options, modulePath: string, words: readonly string[]) => {
        const own: Record<string, string> =
          options.parallelism === undefined ? {} : { 'parallelism.default': options.parallelism };
        const { configuration } = readSettings(cli, options, own);
        const prepared = await deps.prepare(modulePath, words);
        const defaults = {
          parallelism: configuration['parallelism.default'],
          maxParallelism: configuration['pipeline.max-parallelism'],
        };
        const operators = await deps.declareStates(prepared, defaults, cli.signal);
        const verdicts = compareStates(await against({ cli, deps, options }), operators);
        cli.terminal.out(options.json ? `${JSON.stringify(verdicts)}\n` : renderVerdicts(verdicts));
        return verdicts.some(isAlarming) ? EXIT.failed : EXIT.ok;
      }),
    );
}

/** What has a slash is a directory, also a relative one: no job is named so. */
async function against({
  cli,
  deps,
  options,
}: {
  readonly cli: CliContext;
  readonly deps: CheckCommandDeps;
  readonly options: CommandOptions;
}): Promise<CheckpointInventory> {
  const target = options.against;
  if (target === undefined || target === '') {
    throw usage('--against is needed.', 'Give the id of a job, or a directory (with a slash).');
  }
  if (!target.includes('/')) {
    return await withClient({ cli, connect: deps.connect, options }, async (client) => await client.checkpoint(target));
  }
  const { configuration } = readSettings(cli, options);
  return await withSnapshotFolder(configuration, target, cli.signal, async (snapshot) =>
    takeInventory(await metadataOf(snapshot)),
  );
}
