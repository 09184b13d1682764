import type { Command } from 'commander';
import { formatPretty } from '../../hl7/pretty/format-pretty.ts';
import { judgePayload } from '../../hl7/validate/judge-payload.ts';
import { action, type CliContext } from '../cli-context.ts';
import { EXIT, type ExitCode } from '../terminal/terminal.ts';
import { readInputs, readPolicy } from './node-inputs.ts';

/** `nerve hl7 pretty`: messages for people. */
export function registerPrettyCommand(hl7: Command, cli: CliContext): void {
  hl7
    .command('pretty')
    .description('show messages with the names of segments, fields and components beside their values (patient data!)')
    .argument('<file...>', 'files or directories; - is standard input')
    .addHelpText('after', '\nExample:\n  nerve hl7 pretty a.hl7 | less')
    .action(async function perform(this: Command, files: string[]): Promise<void> {
      await action(cli, async () => await Promise.resolve(showFiles(cli, files))).call(this);
    });
}

function showFiles(cli: CliContext, files: readonly string[]): ExitCode {
  const policy = readPolicy({});
  let exit: ExitCode = EXIT.ok;
  for (const { name, bytes } of readInputs(files)) {
    for (const { index, verdict } of judgePayload(bytes, policy)) {
      cli.terminal.out(`${name}[${index}]\n`);
      if (verdict.message !== undefined) {
        cli.terminal.out(`${formatPretty(verdict.message)}\n`);
      } else if (verdict.kind === 'rejected') {
        exit = EXIT.failed;
        cli.terminal.out(
          `${verdict.problem.code} at byte ${verdict.problem.position}: ${verdict.problem.sentence}\n\n`,
        );
      }
    }
  }
  return exit;
}
