import type { Command } from 'commander';
import type { ConnectorSettings } from '../shared/connector/connector-settings.ts';
import type { Configuration } from '../shared/config/options.ts';
import type { ConfigurationLayer } from '../shared/config/parse-configuration.ts';
import { parseConfiguration } from '../shared/config/parse-configuration.ts';
import { StreamError, classifyUnknown, formatFailure } from '../shared/failure/failure.ts';
import { EXIT } from './terminal/terminal.ts';
import type { ExitCode, Terminal } from './terminal/terminal.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly define: readonly string[];
  readonly json: boolean;
}

/** The global options and those of single commands, as commander reads them. */
export interface CommandOptions extends GlobalOptions {
  readonly parallelism?: string;
  readonly reactive?: boolean;
  readonly minParallelism?: string;
  readonly jobId?: string;
  readonly wait?: boolean;
  readonly helpJob?: boolean;
  readonly taskManagers?: string;
  readonly quiet?: boolean;
  readonly partitions?: string;
  readonly messages?: string;
  readonly seed?: string;
  readonly endWithInput?: boolean;
  readonly savepoint?: string | boolean;
  readonly drain?: boolean;
  readonly fromSavepoint?: string;
  readonly allowNonRestoredState?: boolean;
  readonly verify?: boolean;
  readonly unfinished?: boolean;
  /** Of `rescale`: every one that was given. */
  readonly operator?: string | readonly string[];
  readonly state?: string;
  readonly key?: string;
  readonly against?: string;
  readonly dryRun?: boolean;
  readonly unknownJobs?: boolean;
  readonly acceptLoss?: boolean;
}

/** What commands are given: the terminal, the outside layers of the configuration, and the signal that ends them. */
export interface CliContext {
  readonly terminal: Terminal;
  /** Reads a configuration file; throws a StreamError naming it. */
  readonly fileLayer: (path: string) => ConfigurationLayer;
  readonly environment: ConfigurationLayer;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly setExitCode: (code: ExitCode) => void;
}

export interface Settings {
  readonly configuration: Configuration;
  readonly connectors: ConnectorSettings;
  /** All that was said, in order, for processes that are started from here. */
  readonly layers: readonly ConfigurationLayer[];
}

/**
 * The command's own defaults, file, environment, -D, then what the command's options say: later wins.
 * @throws StreamError `configuration-invalid` with every problem at once
 */
export function readSettings(
  cli: CliContext,
  options: GlobalOptions,
  own: Readonly<Record<string, string>> = {},
  defaults: Readonly<Record<string, string>> = {},
): Settings {
  return settingsOf([
    { origin: 'default of the command', values: defaults },
    ...(options.config === undefined ? [] : [cli.fileLayer(options.config)]),
    cli.environment,
    { origin: '-D', values: Object.fromEntries(options.define.map(splitDefinition)) },
    { origin: 'command line', values: own },
  ]);
}

export function settingsOf(layers: readonly ConfigurationLayer[]): Settings {
  const result = parseConfiguration(layers);
  if (result.kind === 'invalid') {
    throw new StreamError({
      code: 'configuration-invalid',
      reaction: 'fail-job',
      message: `the configuration is wrong:\n${result.problems.map((problem) => `  - ${problem}`).join('\n')}`,
      remedy: '"nerve config" lists every key.',
    });
  }
  return { configuration: result.configuration, connectors: result.connectors, layers };
}

/** Wraps a command's work as a commander action: what it throws becomes one clear message and an exit code. */
export function action<A extends readonly unknown[]>(
  cli: CliContext,
  run: (options: CommandOptions, ...args: A) => Promise<ExitCode>,
): (this: Command, ...args: A) => Promise<void> {
  return async function perform(this: Command, ...args: A): Promise<void> {
    const options = this.optsWithGlobals<CommandOptions>();
    try {
      cli.setExitCode(await run(options, ...args));
    } catch (error) {
      const failure = classifyUnknown(error, 'nerve', true);
      cli.terminal.err(options.json ? `${JSON.stringify({ error: failure })}\n` : `nerve: ${formatFailure(failure)}\n`);
      cli.setExitCode(exitCodeOf(failure.code));
    }
  };
}

const USAGE: readonly string[] = [
  'configuration-invalid',
  'configuration-unreadable',
  'job-arguments-invalid',
  'job-graph-invalid',
  'job-module-invalid',
  'job-module-not-found',
  'job-module-failed',
  'job-build-failed',
  'job-invalid',
  'snapshot-location-invalid',
  'snapshot-directory-unusable',
  'invalid-request',
];

/** Where etcd says who leads, it has to be reached first; and one that stops is not there any more. */
const UNREACHABLE: readonly string[] = [
  'coordinator-unreachable',
  'coordinator-stopping',
  'coordinator-fenced',
  'etcd-unavailable',
  'etcd-timeout',
];

function exitCodeOf(code: string): ExitCode {
  if (UNREACHABLE.includes(code)) {
    return EXIT.unreachable;
  }
  return USAGE.includes(code) ? EXIT.usage : EXIT.failed;
}

function splitDefinition(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}
