import type { Command } from 'commander';
import { judgePayload } from '../../hl7/validate/judge-payload.ts';
import { action, type CliContext } from '../cli-context.ts';
import { EXIT, type ExitCode } from '../terminal/terminal.ts';
import { readInputs, readPolicy } from './node-inputs.ts';
import { openSplitDirectory, type SplitDirectory } from './node-split-directory.ts';
import { parseFraming } from './parse-command.ts';

interface SplitOptions {
  readonly output?: string;
  readonly framing: string;
}

/** `nerve hl7 split`: takes batches and streams apart, byte for byte. */
export function registerSplitCommand(hl7: Command, cli: CliContext): void {
  hl7
    .command('split')
    .description('take batches, files of several messages and MLLP streams apart, byte for byte')
    .argument('<file...>', 'files or directories; - is standard input')
    .option('-o, --output <dir>', 'write each message to a file of its own there; left out: list them')
    .option('--framing <kind>', 'auto, none or mllp', 'auto')
    .addHelpText(
      'after',
      '\nExit code: 0 all could be parsed, 1 some could not (they are written too), 2 the command line is wrong.\n\n' +
        'Examples:\n  nerve hl7 split night.batch\n  nerve hl7 split night.batch --output messages/',
    )
    .action(async function perform(this: Command, files: string[]): Promise<void> {
      const own = this.opts<SplitOptions>();
      await action(cli, async ({ json }) => await Promise.resolve(splitFiles(cli, files, { ...own, json }))).call(this);
    });
}

function splitFiles(cli: CliContext, files: readonly string[], options: SplitOptions & { json: boolean }): ExitCode {
  const framing = parseFraming(options.framing);
  const directory: SplitDirectory | undefined =
    options.output === undefined ? undefined : openSplitDirectory(options.output);
  const policy = readPolicy({});
  let exit: ExitCode = EXIT.ok;
  for (const { name, bytes } of readInputs(files)) {
    for (const item of judgePayload(bytes, policy, framing)) {
      const problem = item.verdict.kind === 'rejected' ? item.verdict.problem : undefined;
      const isParsed = item.verdict.message !== undefined;
      exit = isParsed ? exit : EXIT.failed;
      const written = directory?.write(name, item.index, item.bytes);
      const part = {
        file: name,
        index: item.index,
        position: item.position,
        bytes: item.bytes.length,
        controlId: item.verdict.message?.value(0, 10) ?? null,
        reason: isParsed ? null : (problem?.code ?? null),
        faults: item.faults,
        envelope: item.envelope,
        ...(written === undefined ? {} : { output: written }),
      };
      cli.terminal.out(options.json ? `${JSON.stringify(part)}\n` : formatPart(part));
    }
  }
  return exit;
}

function formatPart(part: {
  readonly file: string;
  readonly index: number;
  readonly position: number;
  readonly bytes: number;
  readonly controlId: string | null;
  readonly reason: string | null;
  readonly faults: readonly string[];
  readonly envelope: readonly string[];
  readonly output?: string;
}): string {
  const place = `${part.file}[${part.index}]  at ${part.position}  ${part.bytes} bytes  ${part.controlId ?? part.reason ?? ''}`;
  const target = part.output === undefined ? '' : `  -> ${part.output}`;
  return `${place}${target}\n${[...part.faults, ...part.envelope].map((sentence) => `    ${sentence}\n`).join('')}`;
}
