import type { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';
import { registerAckCommand } from './ack-command.ts';
import { registerBenchCommand } from './bench-command.ts';
import { registerParseCommand } from './parse-command.ts';
import { registerPrettyCommand } from './pretty-command.ts';
import { registerSplitCommand } from './split-command.ts';
import { registerValidateCommand } from './validate-command.ts';

/** `nerve hl7 …`: the HL7 library on the command line. Needs no cluster and no service. */
export function registerHl7Commands(program: Command, cli: CliContext): void {
  const hl7 = program.command('hl7').description('parse, split, acknowledge, validate and show HL7 v2 messages');
  registerParseCommand(hl7, cli);
  registerSplitCommand(hl7, cli);
  registerAckCommand(hl7, cli);
  registerValidateCommand(hl7, cli);
  registerPrettyCommand(hl7, cli);
  registerBenchCommand(hl7, cli);
}
