import type { Command } from 'commander';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext, Settings } from '../cli-context.ts';
import { parseCount } from '../terminal/usage-error.ts';
import { EXIT } from '../terminal/terminal.ts';

/** Creates topics that are not there yet. */
export type CreateTopics = (
  settings: Settings,
  topics: readonly string[],
  partitions: number,
  signal: AbortSignal,
) => Promise<void>;

/** `nerve topics create`: what a local cluster needs before its first job. */
export function registerTopicsCommand(program: Command, cli: CliContext, createTopics: CreateTopics): void {
  program
    .command('topics')
    .description('prepare Kafka topics')
    .command('create')
    .description('create topics; those that exist already stay as they are')
    .argument('<topic...>', 'names')
    .option('--partitions <n>', 'partitions of each new topic (default 1)')
    .addHelpText(
      'after',
      '\nExample:\n  nerve topics create --partitions 4 hl7.raw hl7.adt hl7.oru hl7.orm hl7.dft hl7.mdm hl7.other hl7.encounters hl7.dlq',
    )
    .action(
      action(cli, async (options, topics: readonly string[]) => {
        const partitions = parseCount('--partitions', options.partitions, 1);
        await createTopics(readSettings(cli, options), topics, partitions, cli.signal);
        cli.terminal.out(
          options.json ? `${JSON.stringify({ topics, partitions })}\n` : `${topics.length} topics are there\n`,
        );
        return EXIT.ok;
      }),
    );
}
