import type { Command } from 'commander';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import { formatCount } from '../terminal/table.ts';
import { parseCount } from '../terminal/usage-error.ts';
import { runEmbedded } from '../embedded/run-embedded.ts';
import { EMBEDDED_DEFAULTS, exitCodeOf, renderResult } from './run-command.ts';
import type { RunCommandDeps } from './run-command.ts';

export interface DemoCommandDeps extends RunCommandDeps {
  /** The HL7 pipeline's module. */
  readonly demoModule: string;
  /** Where the demo writes; emptied first. */
  readonly demoOutput: string;
  readonly emptyFolder: (path: string) => void;
}

/** Enough for some seconds of work, so that there is something to watch. */
const MESSAGES = 60_000;

const DEFAULTS: Readonly<Record<string, string>> = { ...EMBEDDED_DEFAULTS, 'parallelism.default': '2' };

/** `nerve demo`: the main job on a generated feed, with two task-manager processes, and where to look afterwards. */
export function registerDemoCommand(program: Command, cli: CliContext, deps: DemoCommandDeps): void {
  program
    .command('demo')
    .description('run the HL7 pipeline on a generated feed: one coordinator, two task managers, files as output')
    .option('--messages <n>', `how many messages to generate (default ${MESSAGES})`)
    .option('--seed <n>', 'which feed: the same seed gives the same messages (default 1)')
    .action(
      action(cli, async (options) => {
        const settings = readSettings(cli, options, {}, DEFAULTS);
        const count = parseCount('--messages', options.messages, MESSAGES);
        const seed = parseCount('--seed', options.seed, 1);
        const words = ['--generate', String(count), '--seed', String(seed), '--output', deps.demoOutput];
        const prepared = await deps.prepare(deps.demoModule, words);
        // Only now that it can run: what an earlier demo wrote is not given up for a misspelt option.
        deps.emptyFolder(deps.demoOutput);
        cli.terminal.err(
          `Streaming ${formatCount(count)} generated HL7 messages (five types, five facilities, 0.5 % broken, MLLP framing)\n` +
            'through a coordinator and two task-manager processes: decode, parse, validate, enrich, key by patient,\n' +
            'correlate with what is known of the patient, route; exactly once, with a checkpoint each second.\n\n',
        );
        const result = await runEmbedded(
          { prepared, settings, taskManagers: 2, isQuiet: options.json },
          deps,
          cli.signal,
        );
        cli.terminal.out(
          options.json ? `${JSON.stringify(result)}\n` : `${renderResult(result)}${whereToLook(deps.demoOutput)}`,
        );
        return exitCodeOf(result);
      }),
    );
}

function whereToLook(output: string): string {
  return `
The output lies in ${output}, a folder for each topic. To look at it:
  cat ${output}/hl7.oru/part-*.jsonl | head -1
  cat ${output}/hl7.encounters/part-*.jsonl | head -1
  npx nerve dlq list --file ${output}/hl7.dlq
  npx nerve plan jobs/hl7-pipeline/job.ts
`;
}
