import type { Command } from 'commander';
import type { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { formatPretty } from '../../hl7/pretty/format-pretty.ts';
import { parseMessage } from '../../hl7/message/parse-message.ts';
import { action, type CliContext } from '../cli-context.ts';
import { usage } from '../terminal/usage-error.ts';
import { renderTable } from '../terminal/table.ts';
import { EXIT, type ExitCode } from '../terminal/terminal.ts';
import type { DeadLetter } from './dead-letter.ts';
import { withKafka, withSource } from './dlq-source.ts';
import { filterOf, openDeadLetters, type SourceOptions } from './open-dead-letters.ts';
import { registerReplayCommand } from './replay-command.ts';

interface ListOptions extends SourceOptions {
  readonly limit: string;
}

interface ShowOptions extends SourceOptions {
  readonly raw?: boolean;
  readonly pretty?: boolean;
}

/** `nerve dlq …`: look at dead letters and send them back. */
export function registerDlqCommands(program: Command, cli: CliContext): void {
  const dlq = program.command('dlq').description('list, show and replay dead letters');
  withSource(dlq.command('list').description('list dead letters and count them by reason; shows no patient data'))
    .argument('[path]', 'the same as --file')
    .option('--limit <n>', 'show at most this many; all are counted', '50')
    .addHelpText(
      'after',
      '\nExamples:\n  nerve dlq list --topic hl7.dlq --bootstrap 127.0.0.1:9092\n  nerve dlq list out/hl7.dlq --reason E_NO_PATIENT_ID',
    )
    .action(async function perform(this: Command, path: string | undefined): Promise<void> {
      const own = { ...(path === undefined ? {} : { file: path }), ...this.opts<ListOptions>() };
      await action(
        cli,
        async (options) =>
          await withKafka(
            cli,
            options,
            own,
            async (connect) => await list(cli, { ...own, json: options.json }, connect),
          ),
      ).call(this);
    });
  withSource(dlq.command('show').description('show one dead letter; its bytes only with --raw or --pretty'))
    .argument('<place>', 'as nerve dlq list gives it, such as hl7.dlq-0@17 or out/hl7.dlq/part-….jsonl:3')
    .option('--raw', 'write the raw bytes to standard output (patient data!)')
    .option('--pretty', 'show the message with names of segments and fields (patient data!)')
    .addHelpText('after', '\nExample:\n  nerve dlq show hl7.dlq-0@17 --topic hl7.dlq --raw > letter.hl7')
    .action(async function perform(this: Command, place: string): Promise<void> {
      const own = this.opts<ShowOptions>();
      await action(
        cli,
        async (options) =>
          await withKafka(
            cli,
            options,
            own,
            async (connect) => await show(cli, place, { ...own, json: options.json }, connect),
          ),
      ).call(this);
    });
  registerReplayCommand(dlq, cli);
}

async function list(
  cli: CliContext,
  options: ListOptions & { json: boolean },
  connect: () => KafkaAdmin,
): Promise<ExitCode> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 0) {
    throw usage(`--limit ${options.limit} is no number.`, 'Example: --limit 100');
  }
  const counts = new Map<string, number>();
  let shown = 0;
  for await (const letter of openDeadLetters(options, filterOf(options), connect, cli.signal)) {
    const reason = `${letter.headers['stage'] ?? '?'} ${letter.headers['reason'] ?? '?'}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
    if (shown < limit) {
      shown += 1;
      cli.terminal.out(options.json ? `${JSON.stringify(describe(letter))}\n` : `${formatLetter(letter)}\n`);
    }
  }
  if (!options.json) {
    const rows = [...counts].sort((a, b) => b[1] - a[1]).map(([reason, count]) => [reason, String(count)]);
    cli.terminal.out(
      rows.length === 0 ? 'No dead letters.\n' : `\n${renderTable([['stage and reason', 'letters'], ...rows])}`,
    );
  }
  return EXIT.ok;
}

async function show(
  cli: CliContext,
  place: string,
  options: ShowOptions & { json: boolean },
  connect: () => KafkaAdmin,
): Promise<ExitCode> {
  for await (const letter of openDeadLetters(options, filterOf(options, [place]), connect, cli.signal)) {
    if (options.raw === true) {
      cli.terminal.out(letter.value);
    } else if (options.pretty === true) {
      const parsed = parseMessage(letter.value);
      cli.terminal.out(
        parsed.kind === 'parsed' ? formatPretty(parsed.message) : `${parsed.problem.sentence} Use --raw.\n`,
      );
    } else {
      cli.terminal.out(options.json ? `${JSON.stringify(describe(letter))}\n` : `${formatHeaders(letter)}\n`);
    }
    return EXIT.ok;
  }
  throw usage(`There is no dead letter at ${place}.`, 'nerve dlq list names them.');
}

/** What may be shown of a letter without asking: where it is, why, and how large. The key is patient data. */
function describe(letter: DeadLetter): Record<string, unknown> {
  return { place: letter.place, headers: letter.headers, bytes: letter.value.length };
}

function formatLetter({ place, headers, value }: DeadLetter): string {
  const parts = [
    headers['stage'] ?? '?',
    headers['reason'] ?? '?',
    `src ${headers['src'] ?? '?'}`,
    `${value.length} bytes`,
  ];
  return `${place}  ${parts.join('  ')}\n    ${headers['detail'] ?? ''}`;
}

function formatHeaders({ place, headers, value }: DeadLetter): string {
  const rows = Object.entries(headers).map(([name, text]) => `  ${name.padEnd(10)} ${text}`);
  return [place, ...rows, `  ${'bytes'.padEnd(10)} ${value.length} (--raw writes them, --pretty shows them)`].join(
    '\n',
  );
}
