import { Option } from 'commander';
import type { Command } from 'commander';
import { action, readSettings } from '../cli-context.ts';
import type { CliContext, Settings } from '../cli-context.ts';
import { EXIT } from '../terminal/terminal.ts';
import type { ExitCode } from '../terminal/terminal.ts';

/** Runs one process of the cluster until the signal aborts; resolves to its exit code. */
export type RunProcess = (settings: Settings, signal: AbortSignal) => Promise<number>;

export interface ProcessCommandDeps {
  readonly runCoordinator: RunProcess;
  readonly runTaskManager: RunProcess;
  /** Aborts when standard input ends. */
  readonly inputEnd: () => AbortSignal;
}

/** `nerve coordinator` and `nerve taskmanager`: the processes of a cluster, in the foreground. */
export function registerProcessCommands(program: Command, cli: CliContext, deps: ProcessCommandDeps): void {
  program
    .command('coordinator')
    .description('run a coordinator in the foreground')
    .addHelpText('after', '\nExample:\n  nerve coordinator -D coordinator.rpc.host=0.0.0.0 -D metrics.port=9400')
    .action(
      action(cli, async (options) => exitCodeOf(await deps.runCoordinator(readSettings(cli, options), cli.signal))),
    );

  program
    .command('taskmanager')
    .description('run a task manager in the foreground')
    .addHelpText(
      'after',
      '\nExample:\n  nerve taskmanager -D coordinator.rpc.addresses=10.0.0.5:6123 -D taskmanager.host=10.0.0.7 -D taskmanager.numberOfTaskSlots=4',
    )
    .addOption(
      new Option('--end-with-input', 'end when standard input ends: whoever started this process is gone').hideHelp(),
    )
    .action(
      action(cli, async (options) => {
        const signals = options.endWithInput === true ? [cli.signal, deps.inputEnd()] : [cli.signal];
        return exitCodeOf(await deps.runTaskManager(readSettings(cli, options), AbortSignal.any(signals)));
      }),
    );
}

function exitCodeOf(code: number): ExitCode {
  return Object.values(EXIT).find((known) => known === code) ?? EXIT.failed;
}
