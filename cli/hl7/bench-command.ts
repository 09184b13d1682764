import type { Command } from 'commander';
import { encodeRecord, extractRecord } from '../../hl7/extract/extract-record.ts';
import { routeOf } from '../../hl7/route/route-of.ts';
import { checkContract, compileContracts } from '../../hl7/validate/check-contract.ts';
import { judgeMessage } from '../../hl7/validate/judge-message.ts';
import { judgePayload } from '../../hl7/validate/judge-payload.ts';
import { parseMessage } from '../../hl7/message/parse-message.ts';
import { action, type CliContext } from '../cli-context.ts';
import { renderTable } from '../terminal/table.ts';
import { EXIT, type ExitCode } from '../terminal/terminal.ts';
import { readInputs, readPolicy } from './node-inputs.ts';
import { usage } from '../terminal/usage-error.ts';
import { measureRounds, type Measured } from './node-measure.ts';

interface BenchOptions {
  readonly seconds: string;
}

/** `nerve hl7 bench`: how fast this machine takes these messages through the library, one thread. */
export function registerBenchCommand(hl7: Command, cli: CliContext): void {
  hl7
    .command('bench')
    .description('measure the library on your own messages, one thread')
    .argument('<file...>', 'files or directories with messages')
    .option('--seconds <n>', 'how long each step is measured', '2')
    .addHelpText('after', '\nExample:\n  nerve hl7 bench inbox/ --seconds 5')
    .action(async function perform(this: Command, files: string[]): Promise<void> {
      const own = this.opts<BenchOptions>();
      await action(cli, async ({ json }) => await Promise.resolve(bench(cli, files, { ...own, json }))).call(this);
    });
}

function bench(cli: CliContext, files: readonly string[], options: BenchOptions & { json: boolean }): ExitCode {
  const seconds = Number(options.seconds);
  if (!Number.isFinite(seconds) || seconds <= 0 || seconds > 600) {
    throw usage(`--seconds ${options.seconds} is no number of seconds between 0 and 600.`, 'Leave it out for 2.');
  }
  const messages = acceptedMessages(files);
  const policy = readPolicy({});
  const contracts = compileContracts();
  if (contracts.kind === 'invalid') {
    throw usage(contracts.problems.join(' '), 'Reinstall nerve-stream.');
  }
  const context = { sourceSystem: 'BENCH', facilityId: 'BENCH', ingestionMs: 0, receivedMs: 0 };
  const steps: Record<string, (bytes: Buffer) => void> = {
    parse: (bytes) => void parseMessage(bytes),
    'parse, validate, key': (bytes) => void judgeMessage(bytes, policy),
    'parse, validate, key, extract': (bytes) => {
      const verdict = judgeMessage(bytes, policy);
      if (verdict.kind === 'accepted') {
        extractRecord(verdict.message, context);
      }
    },
    'and contract, JSON': (bytes) => {
      const verdict = judgeMessage(bytes, policy);
      if (verdict.kind === 'accepted') {
        const record = extractRecord(verdict.message, context);
        checkContract(contracts.contracts, routeOf(record.messageType), record);
        encodeRecord(record);
      }
    },
  };
  const rows = Object.entries(steps).map(([step, run]) => ({ step, ...measureRounds(messages, run, seconds) }));
  cli.terminal.out(options.json ? rows.map((row) => `${JSON.stringify(row)}\n`).join('') : formatRows(rows, messages));
  return EXIT.ok;
}

function acceptedMessages(files: readonly string[]): readonly Buffer[] {
  const policy = readPolicy({});
  const messages: Buffer[] = [];
  for (const { bytes } of readInputs(files)) {
    for (const item of judgePayload(bytes, policy)) {
      if (item.verdict.kind === 'accepted') {
        messages.push(item.bytes);
      }
    }
  }
  if (messages.length === 0) {
    throw usage('The files hold no message that is accepted.', 'Look at them with nerve hl7 parse.');
  }
  return messages;
}

function formatRows(rows: readonly (Measured & { readonly step: string })[], messages: readonly Buffer[]): string {
  const bytes = messages.reduce((sum, message) => sum + message.length, 0);
  const head = `${messages.length} messages, ${Math.round(bytes / messages.length)} bytes on average\n`;
  const table = rows.map((row) => [row.step, row.perSecond.toFixed(0), row.microseconds.toFixed(2)]);
  return head + renderTable([['step', 'messages/s', 'µs/message'], ...table]);
}
