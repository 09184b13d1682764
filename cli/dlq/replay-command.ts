import type { Command } from 'commander';
import type { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import { action, type CliContext } from '../cli-context.ts';
import { usage } from '../terminal/usage-error.ts';
import { EXIT, type ExitCode } from '../terminal/terminal.ts';
import { withKafka, withSource } from './dlq-source.ts';
import { kafkaReplayTarget } from './kafka-dead-letters.ts';
import { directoryReplayTarget } from './node-directory-target.ts';
import { loadEditHook } from './node-edit-hook.ts';
import { openReplayLedger } from './node-replay-ledger.ts';
import { filterOf, openDeadLetters, type SourceOptions } from './open-dead-letters.ts';
import { replay, type ReplayOptions, type ReplaySummary, type ReplayTarget } from './replay-loop.ts';

interface ReplayCommandOptions extends SourceOptions {
  readonly to?: string;
  readonly toDir?: string;
  readonly place?: readonly string[];
  readonly ledger: string;
  readonly rate?: string;
  readonly limit?: string;
  readonly edit?: string;
  readonly dryRun?: boolean;
  readonly resendDoubtful?: boolean;
}

/** `nerve dlq replay`: sends the original bytes back, each at most once. */
export function registerReplayCommand(dlq: Command, cli: CliContext): void {
  withSource(dlq.command('replay').description('send the original bytes of dead letters back, each at most once'))
    .option('--to <topic>', 'the input topic')
    .option('--to-dir <dir>', 'or a directory: one file per message')
    .option('--place <place...>', 'only these letters, as nerve dlq list names them')
    .option('--ledger <file>', 'remembers what was sent, across runs', 'nerve-dlq-replay.ledger')
    .option('--rate <n>', 'at most this many messages a second')
    .option('--limit <n>', 'send at most this many')
    .option('--edit <module>', 'module that exports edit(bytes, headers) → bytes, or undefined to leave a letter out')
    .option('--dry-run', 'send nothing, say what would be sent')
    .option('--resend-doubtful', 'send also what an earlier run may or may not have sent before it died')
    .addHelpText('after', replayHelp)
    .action(async function perform(this: Command): Promise<void> {
      const own = this.opts<ReplayCommandOptions>();
      await action(
        cli,
        async (options) =>
          await withKafka(
            cli,
            options,
            own,
            async (connect) => await run(cli, { ...own, json: options.json }, connect),
          ),
      ).call(this);
    });
}

const replayHelp = `
Each letter is recorded in the ledger, on disk, before it is sent: a second run does not send it again, and a run that died leaves
at most one batch in doubt, which is reported.
Exit code: 0 done, 1 letters are in doubt, 2 the command line is wrong.

Examples:
  nerve dlq replay --topic hl7.dlq --to hl7.raw --reason E_NO_PATIENT_ID --dry-run
  nerve dlq replay --topic hl7.dlq --to hl7.raw --rate 50 --edit fix-charset.ts
  nerve dlq replay --file out/hl7.dlq --to-dir retry/`;

async function run(
  cli: CliContext,
  options: ReplayCommandOptions & { json: boolean },
  connect: () => KafkaAdmin,
): Promise<ExitCode> {
  const target = targetOf(options, connect);
  const replayOptions: ReplayOptions = {
    ratePerSecond: positive('--rate', options.rate),
    limit: positive('--limit', options.limit),
    isDryRun: options.dryRun === true,
    resendDoubtful: options.resendDoubtful === true,
  };
  const edit = options.edit === undefined ? undefined : await loadEditHook(options.edit);
  const ledger = await openReplayLedger(options.ledger);
  try {
    const letters = openDeadLetters(options, filterOf(options, options.place), connect, cli.signal);
    const onReplay = (letter: { place: string; headers: Readonly<Record<string, string>> }): void => {
      if (replayOptions.isDryRun && !options.json) {
        cli.terminal.out(`would send ${letter.place}  ${letter.headers['reason'] ?? ''}\n`);
      }
    };
    const summary = await replay(
      letters,
      replayOptions,
      { target, ledger, edit, clock: nodeClock, onReplay },
      cli.signal,
    );
    cli.terminal.out(
      options.json
        ? `${JSON.stringify({ ...summary, dryRun: replayOptions.isDryRun, target: target.name })}\n`
        : formatSummary(summary, replayOptions, target, options.ledger),
    );
    return summary.inDoubt > 0 ? EXIT.failed : EXIT.ok;
  } finally {
    await ledger.close();
  }
}

function targetOf(options: ReplayCommandOptions, connect: () => KafkaAdmin): ReplayTarget {
  if (options.to !== undefined && options.toDir === undefined) {
    return kafkaReplayTarget(connect(), options.to);
  }
  if (options.toDir !== undefined && options.to === undefined) {
    return directoryReplayTarget(options.toDir);
  }
  throw usage('Say where to send them: --to TOPIC or --to-dir DIR, one of them.', 'Example: --to hl7.raw');
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) {
    throw usage(`${name} ${text} is no number above 0.`, `Example: ${name} 50`);
  }
  return value;
}

function formatSummary(summary: ReplaySummary, options: ReplayOptions, target: ReplayTarget, ledger: string): string {
  const verb = options.isDryRun ? 'would be sent' : 'sent';
  const lines = [
    `${summary.sent} ${verb} to ${target.name}`,
    ...(summary.alreadySent > 0 ? [`${summary.alreadySent} were sent by an earlier run (${ledger})`] : []),
    ...(summary.skipped > 0 ? [`${summary.skipped} were left out by the edit hook`] : []),
    ...(summary.inDoubt > 0
      ? [
          `${summary.inDoubt} are in doubt: an earlier run died while it sent them. Look whether they arrived (header replayOf); ` +
            'if not, repeat with --resend-doubtful.',
        ]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}
