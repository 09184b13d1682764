import type { Command } from 'commander';
import { acknowledge } from '../../hl7/acknowledge/acknowledge.ts';
import type { AcknowledgementCode, Outcome } from '../../hl7/acknowledge/acknowledgement-code.ts';
import { chooseAcknowledgements } from '../../hl7/acknowledge/choose-acknowledgements.ts';
import type { AcknowledgedError } from '../../hl7/acknowledge/error-segment.ts';
import type { Hl7Problem } from '../../hl7/message/problem.ts';
import { encodeMllp } from '../../hl7/mllp/encode-mllp.ts';
import type { Verdict } from '../../hl7/validate/judge-message.ts';
import { judgePayload, type PayloadItem } from '../../hl7/validate/judge-payload.ts';
import { nodeClock } from '../../shared/clock/node-clock.ts';
import { action, type CliContext } from '../cli-context.ts';
import { EXIT, type ExitCode } from '../terminal/terminal.ts';
import { readInputs, readPolicy, type PolicyOptions } from './node-inputs.ts';
import { usage } from '../terminal/usage-error.ts';

interface AckOptions extends PolicyOptions {
  readonly code?: string;
  readonly text?: string;
  readonly mllp?: boolean;
}

/** `nerve hl7 ack`: the acknowledgements that the senders of messages are due. */
export function registerAckCommand(hl7: Command, cli: CliContext): void {
  hl7
    .command('ack')
    .description('write the acknowledgements of messages: those their MSH-15 and MSH-16 ask for, or the one of --code')
    .argument('<file...>', 'files or directories; - is standard input')
    .option('--code <code>', 'AA, AE, AR, CA, CE or CR, whatever the verdict is')
    .option('--text <text>', 'MSA-3; no patient data')
    .option('--mllp', 'frame each acknowledgement')
    .option('--policy <file>', 'facility registry')
    .addHelpText(
      'after',
      '\nWithout --code: accepted messages get AA (CA), those that cannot be parsed AR (CR), other dead letters AE (CE).\n' +
        'Exit code: 0 all are accepted, 1 some are not or cannot be answered, 2 the command line is wrong.\n\n' +
        'Examples:\n  nerve hl7 ack a.hl7\n  nerve hl7 ack a.hl7 --code AE --text "try again" --mllp > reply.bin',
    )
    .action(async function perform(this: Command, files: string[]): Promise<void> {
      const own = this.opts<AckOptions>();
      await action(cli, async ({ json }) => await Promise.resolve(ackFiles(cli, files, { ...own, json }))).call(this);
    });
}

function ackFiles(cli: CliContext, files: readonly string[], options: AckOptions & { json: boolean }): ExitCode {
  const code = options.code === undefined ? undefined : parseCode(options.code);
  const policy = readPolicy(options);
  let exit: ExitCode = EXIT.ok;
  let number = 0;
  for (const { name, bytes } of readInputs(files)) {
    for (const item of judgePayload(bytes, policy)) {
      exit = item.verdict.kind === 'accepted' ? exit : EXIT.failed;
      const codes = code === undefined ? dueCodes(item.verdict) : [code];
      if (codes.length === 0) {
        cli.terminal.err(`${name}[${item.index}] asks for no acknowledgement (MSH-15, MSH-16).\n`);
      }
      for (const each of codes) {
        number += 1;
        exit = answer(cli, { name, item, code: each, number }, options) ? exit : EXIT.failed;
      }
    }
  }
  return exit;
}

interface DueAnswer {
  readonly name: string;
  readonly item: PayloadItem;
  readonly code: AcknowledgementCode;
  readonly number: number;
}

function answer(
  cli: CliContext,
  { name, item, code, number }: DueAnswer,
  options: AckOptions & { json: boolean },
): boolean {
  const sentMs = nodeClock.nowMs();
  const problem = item.verdict.kind === 'rejected' && !code.endsWith('A') ? item.verdict.problem : undefined;
  const made = acknowledge(item.verdict.message ?? item.bytes, {
    code,
    sentMs,
    controlId: `N${sentMs}${number}`,
    ...(options.text === undefined ? {} : { text: options.text }),
    ...(problem === undefined ? {} : { errors: [errorOf(problem)] }),
  });
  if (made.kind === 'unanswerable') {
    cli.terminal.err(`${name}[${item.index}] cannot be answered: ${made.sentence}\n`);
    return false;
  }
  if (options.json) {
    const acknowledgement = made.bytes.toString('latin1');
    cli.terminal.out(`${JSON.stringify({ file: name, index: item.index, code, acknowledgement })}\n`);
    return true;
  }
  const framed = options.mllp === true ? encodeMllp(made.bytes) : undefined;
  cli.terminal.out(framed?.kind === 'framed' ? framed.bytes : made.bytes);
  return true;
}

function dueCodes(verdict: Verdict): readonly AcknowledgementCode[] {
  const outcome = outcomeOf(verdict);
  if (verdict.message === undefined) {
    return ['AR'];
  }
  const { accept, application } = chooseAcknowledgements(verdict.message, outcome);
  return [accept, application].filter((code) => code !== undefined);
}

/** A message that cannot be parsed is rejected: sending it again cannot help. Other dead letters are errors. */
function outcomeOf(verdict: Verdict): Outcome {
  if (verdict.kind === 'accepted') {
    return 'accepted';
  }
  return verdict.problem.stage === 'parse' || verdict.problem.stage === 'frame' ? 'rejected' : 'error';
}

/** HL7 table 0357. */
const requiredFieldMissing = 101;
const internalError = 207;

function errorOf({ code, sentence }: Hl7Problem): AcknowledgedError {
  switch (code) {
    case 'E_NO_CONTROL_ID':
      return { code: requiredFieldMissing, segment: 'MSH', field: 10, text: sentence };
    case 'E_NO_PATIENT_ID':
      return { code: requiredFieldMissing, segment: 'PID', field: 3, text: sentence };
    default:
      return { code: internalError, text: sentence };
  }
}

function parseCode(text: string): AcknowledgementCode {
  switch (text) {
    case 'AA':
    case 'AE':
    case 'AR':
    case 'CA':
    case 'CE':
    case 'CR':
      return text;
    default:
      throw usage(`--code ${text} is no acknowledgement code.`, 'One of AA, AE, AR, CA, CE, CR.');
  }
}
