import { Command } from 'commander';
import type { CliContext } from '../cli-context.ts';

/** What a command wrote and how it ended. */
export interface CliRun {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number | undefined;
}

/** For tests: runs one command line in this process, with a terminal that remembers. */
export async function runCli(
  register: (program: Command, cli: CliContext) => void,
  args: readonly string[],
): Promise<CliRun> {
  let out = '';
  let err = '';
  let exitCode: number | undefined;
  const cli: CliContext = {
    terminal: {
      out: (text) => (out += typeof text === 'string' ? text : Buffer.from(text).toString('latin1')),
      err: (text) => (err += text),
      isInteractive: false,
    },
    fileLayer: (path) => ({ origin: path, values: {} }),
    environment: { origin: 'environment', values: {} },
    signal: new AbortController().signal,
    setExitCode: (code) => (exitCode = code),
  };
  const program = new Command('nerve')
    .option('--json', 'machine-readable results', false)
    .option(
      '-D, --define <key=value>',
      'set a configuration key',
      (text: string, earlier: string[]) => [...earlier, text],
      [],
    )
    .exitOverride();
  program.configureOutput({ writeOut: (text) => (out += text), writeErr: (text) => (err += text) });
  register(program, cli);
  for (const command of program.commands) {
    command.exitOverride();
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    exitCode = error instanceof Error && 'exitCode' in error ? Number(error.exitCode) : 99;
  }
  return { out, err, exitCode };
}
