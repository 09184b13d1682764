import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { CommanderError } from 'commander';
import { runCoordinator } from '../coordinator/main.ts';
import { abortTransactions, commitTransactions, listTransactions } from '../coordinator/transactions-main.ts';
import { nodeClock } from '../shared/clock/node-clock.ts';
import { configurationFileLayer } from '../shared/config/node-configuration.ts';
import { environmentLayer } from '../shared/config/parse-configuration.ts';
import { VERSION } from '../shared/version.ts';
import { runTaskManager } from '../taskmanager/main.ts';
import { grpcAdminClient } from './admin/grpc-admin-client.ts';
import { openDirectory } from './admin/node-open-directory.ts';
import type { CliContext } from './cli-context.ts';
import { kafkaCreateTopics } from './commands/kafka-create-topics.ts';
import { kafkaOpenTransactions } from './commands/kafka-open-transactions.ts';
import { startEmbeddedCluster } from './embedded/node-embedded-cluster.ts';
import { prepareJob } from './job/node-prepare-job.ts';
import { nerveProgram } from './nerve-program.ts';
import { declareStates } from './savepoints/node-declare-states.ts';
import { nodeTerminal } from './terminal/node-terminal.ts';
import { EXIT } from './terminal/terminal.ts';

/** How long what is left open may still end by itself. */
const LEFTOVERS_MS = 1_000;
const root = join(import.meta.dirname, '..');

/** A first signal ends the command in order; a second one ends the process at once. */
const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (controller.signal.aborted) {
      process.exit(EXIT.interrupted);
    }
    controller.abort();
  });
}

// `nerve … | head`: a reader that has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') {
    throw error;
  }
  process.exit(EXIT.ok);
});

const cli: CliContext = {
  terminal: nodeTerminal,
  fileLayer: configurationFileLayer,
  environment: environmentLayer(process.env),
  signal: controller.signal,
  setExitCode: (code) => {
    process.exitCode = code;
  },
};

const program = nerveProgram(cli, VERSION, {
  clock: nodeClock,
  terminal: nodeTerminal,
  connect: grpcAdminClient,
  openDirectory,
  prepare: prepareJob,
  declareStates,
  startCluster: startEmbeddedCluster,
  runCoordinator: async (settings, signal) => await thenEnd(runCoordinator(settings, signal)),
  runTaskManager: async (settings, signal) => await thenEnd(runTaskManager(settings, signal)),
  inputEnd,
  createTopics: kafkaCreateTopics,
  listTransactions,
  commitTransactions: async (...of) => await thenEnd(commitTransactions(...of)),
  abortTransactions: async (...of) => await thenEnd(abortTransactions(...of)),
  openTransactions: kafkaOpenTransactions,
  demoModule: join(root, 'jobs/hl7-pipeline/job.ts'),
  demoOutput: relative(process.cwd(), join(root, 'build/demo')),
  emptyFolder: (path) => {
    rmSync(path, { recursive: true, force: true });
  },
});

/** A socket that a library left open (to a peer that stands still) must not keep an ended process of a cluster alive. */
async function thenEnd<T>(running: Promise<T>): Promise<T> {
  try {
    return await running;
  } finally {
    setTimeout(() => process.exit(), LEFTOVERS_MS).unref();
  }
}

function inputEnd(): AbortSignal {
  const ended = new AbortController();
  process.stdin.once('close', () => {
    ended.abort();
  });
  process.stdin.resume().unref();
  return ended.signal;
}

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) {
    throw error;
  }
}
