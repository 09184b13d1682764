import type { Command } from 'commander';
import { describePlan, renderPlan } from '../../shared/graph/describe-plan.ts';
import { flagOf } from '../../shared/graph/job-arguments.ts';
import type { ArgumentDeclarations } from '../../shared/graph/job-arguments.ts';
import { chainGraph } from '../../shared/graph/job-graph.ts';
import { buildGraph } from '../../shared/job/build-graph.ts';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import type { PreparedJob } from '../job/node-prepare-job.ts';
import { renderTable } from '../terminal/table.ts';
import { EXIT } from '../terminal/terminal.ts';

/** `nerve plan`: what would run, without a cluster. */
export function registerPlanCommand(
  program: Command,
  cli: CliContext,
  prepare: (modulePath: string, words: readonly string[]) => Promise<PreparedJob>,
): void {
  program
    .command('plan')
    .description('show what a job would run: vertices, chains, edges, slots')
    .argument('<module>', 'the job module')
    .argument('[job-arguments...]', 'behind --: the arguments of the job')
    .option('-p, --parallelism <n>', 'parallelism of operators that set none')
    .option('--help-job', 'list the arguments that the job takes')
    .action(
      action(cli, async (options, modulePath: string, words: readonly string[]) => {
        const own: Record<string, string> =
          options.parallelism === undefined ? {} : { 'parallelism.default': options.parallelism };
        const { configuration } = readSettings(cli, options, own);
        const { job, args } = await prepare(modulePath, words);
        if (options.helpJob === true) {
          cli.terminal.out(renderArguments(job.declaredArguments));
          return EXIT.ok;
        }
        const defaults = {
          parallelism: configuration['parallelism.default'],
          maxParallelism: configuration['pipeline.max-parallelism'],
        };
        const plan = describePlan(chainGraph(buildGraph(job, args, defaults)));
        cli.terminal.out(options.json ? `${JSON.stringify(plan, undefined, 2)}\n` : renderPlan(plan));
        return EXIT.ok;
      }),
    );
}

function renderArguments(declared: ArgumentDeclarations): string {
  const rows = Object.entries(declared).map(([name, declaration]) => [
    flagOf(name),
    declaration.type === 'choice' ? declaration.of.join('|') : declaration.type,
    'default' in declaration ? String(declaration.default) : '',
    declaration.description,
  ]);
  return renderTable([['ARGUMENT', 'TYPE', 'DEFAULT', ''], ...rows]);
}
