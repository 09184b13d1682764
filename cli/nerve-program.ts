import { Command } from 'commander';
import type { CliContext, GlobalOptions } from './cli-context.ts';
import { registerCheckCommand } from './commands/check-command.ts';
import type { CheckCommandDeps } from './commands/check-command.ts';
import { registerConfigCommand } from './commands/config-command.ts';
import { registerGcCommand } from './commands/gc-command.ts';
import { registerJobCommands } from './commands/job-commands.ts';
import type { JobCommandDeps } from './commands/job-commands.ts';
import { registerLeaderCommand } from './commands/leader-command.ts';
import type { LeaderCommandDeps } from './commands/leader-command.ts';
import { registerPlanCommand } from './commands/plan-command.ts';
import { registerRescaleCommand } from './commands/rescale-command.ts';
import { registerRunCommand } from './commands/run-command.ts';
import { registerDemoCommand } from './commands/demo-command.ts';
import type { DemoCommandDeps } from './commands/demo-command.ts';
import { registerProcessCommands } from './commands/process-commands.ts';
import type { ProcessCommandDeps } from './commands/process-commands.ts';
import { registerSavepointCommand } from './commands/savepoint-command.ts';
import { registerStateCommand } from './commands/state-command.ts';
import { registerStopCommand } from './commands/stop-command.ts';
import { registerTopicsCommand } from './commands/topics-command.ts';
import type { CreateTopics } from './commands/topics-command.ts';
import { registerTxnCommand } from './commands/txn-command.ts';
import type { TxnCommandDeps } from './commands/txn-command.ts';
import { registerDlqCommands } from './dlq/dlq-commands.ts';
import { registerHl7Commands } from './hl7/hl7-commands.ts';
import { collect } from './terminal/collect-option.ts';
import { EXIT } from './terminal/terminal.ts';

export interface ProgramDeps
  extends
    JobCommandDeps,
    DemoCommandDeps,
    ProcessCommandDeps,
    LeaderCommandDeps,
    CheckCommandDeps,
    Omit<TxnCommandDeps, 'clock'> {
  readonly createTopics: CreateTopics;
}

/** The `nerve` command: global options, every subcommand, and how wrong use ends (exit code 2). */
export function nerveProgram(cli: CliContext, version: string, deps: ProgramDeps): Command {
  const program = new Command('nerve')
    .description('nerve-stream: a distributed, stateful stream processor for HL7 v2')
    .version(version)
    .option('-c, --config <file>', 'configuration file (YAML)')
    .option('-D, --define <key=value>', 'set a configuration key; may be repeated', collect, [])
    .option('--json', 'machine-readable results', false)
    .configureOutput({
      writeOut: (text) => cli.terminal.out(text),
      writeErr: (text) => cli.terminal.err(text),
      outputError: (text, write) => {
        write(program.opts<GlobalOptions>().json ? usageError(text) : text);
      },
    })
    .exitOverride((end) => {
      cli.setExitCode(end.exitCode === 0 ? EXIT.ok : EXIT.usage);
      throw end;
    });
  registerDemoCommand(program, cli, deps);
  registerRunCommand(program, cli, deps);
  registerProcessCommands(program, cli, deps);
  registerJobCommands(program, cli, deps);
  registerSavepointCommand(program, cli, deps.connect);
  registerRescaleCommand(program, cli, deps.connect);
  registerStopCommand(program, cli, deps.connect);
  registerCheckCommand(program, cli, deps);
  registerStateCommand(program, cli);
  registerGcCommand(program, cli, deps.connect);
  registerTxnCommand(program, cli, deps);
  registerLeaderCommand(program, cli, deps);
  registerPlanCommand(program, cli, deps.prepare);
  registerHl7Commands(program, cli);
  registerDlqCommands(program, cli);
  registerTopicsCommand(program, cli, deps.createTopics);
  registerConfigCommand(program, cli);
  return program;
}

/** The same shape as that of every other error (cli-context.ts, `action`). */
function usageError(text: string): string {
  const message = text.trim().replace(/^error: /, '');
  return `${JSON.stringify({ error: { code: 'invalid-request', reaction: 'fail-job', message } })}\n`;
}
