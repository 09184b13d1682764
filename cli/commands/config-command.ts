import type { Command } from 'commander';
import { CONNECTOR_OPTIONS } from '../../shared/config/connector-options.ts';
import { OPTIONS } from '../../shared/config/options.ts';
import { variableOf } from '../../shared/config/parse-configuration.ts';
import { action } from '../cli-context.ts';
import type { CliContext } from '../cli-context.ts';
import { renderTable } from '../terminal/table.ts';
import { EXIT } from '../terminal/terminal.ts';

/** `nerve config`: every key with its default and its sentence, from the one place where they stand. */
export function registerConfigCommand(program: Command, cli: CliContext): void {
  program
    .command('config')
    .description('list every configuration key with its default')
    .action(
      action(cli, async (options) => {
        const rows = Object.entries(OPTIONS).map(([key, option]) => ({
          key,
          variable: variableOf(key),
          default: option.defaultText ?? '',
          description: option.description,
        }));
        for (const [key, description] of Object.entries(CONNECTOR_OPTIONS)) {
          rows.push({ key, variable: variableOf(key), default: '', description });
        }
        cli.terminal.out(
          options.json
            ? `${JSON.stringify(rows, undefined, 2)}\n`
            : renderTable([['KEY', 'DEFAULT', ''], ...rows.map((row) => [row.key, row.default, row.description])]),
        );
        return await Promise.resolve(EXIT.ok);
      }),
    );
}
