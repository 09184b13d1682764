import type { Command } from 'commander';
import { compilePath } from '../../hl7/path/compile-path.ts';
import { structureGroupResolver } from '../../hl7/definitions/structure-group-resolver.ts';
import { judgePayload, type Framing } from '../../hl7/validate/judge-payload.ts';
import { action, type CliContext } from '../cli-context.ts';
import { EXIT, type ExitCode } from '../terminal/terminal.ts';
import { reportItem, type MessageReport } from './message-report.ts';
import { collect } from '../terminal/collect-option.ts';
import { isReadable, readInputs, readPolicy, type PolicyOptions } from './node-inputs.ts';
import { usage } from '../terminal/usage-error.ts';

interface ParseOptions extends PolicyOptions {
  readonly field?: readonly string[];
  readonly framing: string;
}

/** `nerve hl7 parse`: what the pipeline would make of every message in the files. */
export function registerParseCommand(hl7: Command, cli: CliContext): void {
  hl7
    .command('parse')
    .description('parse messages, batches and MLLP streams, and say what becomes of each')
    .argument('[file...]', 'files or directories; - is standard input')
    .option('-f, --field <path...>', 'fields to show, such as PID-3(2).4.2 or ORDER_OBSERVATION(2)/OBX-5')
    .option('--policy <file>', 'facility registry: zones, character sets, authorities, strictness per sender')
    .option('--profile-file <file>', 'an HL7 profile beside "core" and "standard"; may be repeated', collect, [])
    .option('--framing <kind>', 'auto, none or mllp', 'auto')
    .addHelpText('after', parseHelp)
    .action(async function perform(this: Command, files: string[]): Promise<void> {
      const own = this.opts<ParseOptions>();
      await action(cli, async ({ json }) => await Promise.resolve(parseFiles(cli, files, { ...own, json }))).call(this);
    });
}

const parseHelp = `
Exit code: 0 every message is accepted, 1 some are dead letters, 2 the command line is wrong.
With --json, one line per message:
  file index outcome stage reason detail warnings messageType trigger version controlId route key fields segments faults envelope

Examples:
  nerve hl7 parse inbox/
  nerve hl7 parse a.hl7 --field PID-3.1 PID-5.1
  nerve hl7 parse stream.bin --json | jq -c 'select(.outcome == "dlq") | [.file, .index, .reason]'`;

function parseFiles(cli: CliContext, files: readonly string[], options: ParseOptions & { json: boolean }): ExitCode {
  const { paths, names } = splitWords(options.field ?? [], files);
  const framing = parseFraming(options.framing);
  const policy = readPolicy(options);
  let exit: ExitCode = EXIT.ok;
  for (const { name, bytes } of readInputs(names)) {
    for (const item of judgePayload(bytes, policy, framing)) {
      const report = reportItem(name, item, paths, structureGroupResolver);
      exit = report.outcome === 'dlq' ? EXIT.failed : exit;
      cli.terminal.out(options.json ? `${JSON.stringify(report)}\n` : formatReport(report, paths));
    }
  }
  return exit;
}

/** `--field A B FILE`: words after --field that are no paths are the files. */
function splitWords(words: readonly string[], files: readonly string[]): { paths: string[]; names: string[] } {
  const paths = words.filter((word) => compilePath(word).kind === 'path');
  const names = [...files, ...words.filter((word) => !paths.includes(word))];
  const noFile = words.find((word) => !paths.includes(word) && !isReadable(word));
  if (noFile !== undefined) {
    throw usage(`--field ${noFile} is neither an HL7 path nor a file.`, 'Example: --field PID-3.1 PID-5.1');
  }
  if (names.length === 0) {
    throw usage('No file is named.', 'nerve hl7 parse --help shows examples.');
  }
  return { paths, names };
}

export function parseFraming(text: string): Framing {
  switch (text) {
    case 'auto':
    case 'none':
    case 'mllp':
      return text;
    default:
      throw usage(
        `--framing ${text} is none of auto, none, mllp.`,
        'Leave it out: auto finds MLLP by its start block.',
      );
  }
}

/** For people. Without --field nothing of a patient is shown. */
function formatReport(report: MessageReport, paths: readonly string[]): string {
  const type = [report.messageType, report.trigger].filter((part) => part !== null).join('^');
  const verdict =
    report.outcome === 'ok' ? `ok   ${report.route}` : `dlq  ${report.stage ?? ''} ${report.reason ?? ''}`;
  const notes = [...report.warnings, ...report.faults].join(' ');
  const head = [`${report.file}[${report.index}]`, verdict, type, report.version, report.controlId, notes].filter(
    (part) => part !== null && part !== '',
  );
  const detail = report.detail === null ? '' : `    ${report.detail}\n`;
  const fields = paths.map((path) => `    ${path} = ${JSON.stringify(report.fields[path] ?? null)}\n`).join('');
  return `${head.join('  ')}\n${detail}${report.envelope.map((sentence) => `    ${sentence}\n`).join('')}${fields}`;
}
