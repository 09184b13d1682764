import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCoordinator } from '../../coordinator/main.ts';
import { variableOf } from '../../shared/config/parse-configuration.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import { settingsOf } from '../cli-context.ts';
import type { Settings } from '../cli-context.ts';
import type { EmbeddedCluster, EmbeddedClusterOptions } from './embedded-cluster.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
/** How long a task manager may take to end after SIGTERM before it is killed. */
const STOP_MS = 5_000;

/**
 * A coordinator in this process and task managers as processes of their own, talking gRPC over loopback. Records, checkpoints and
 * state lie in a folder of this run, which is deleted with it; what the settings place elsewhere stays.
 */
export async function startEmbeddedCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const folder = await mkdtemp(join(options.settings.configuration['io.tmp.dirs'] ?? tmpdir(), 'nerve-run-'));
  const removeFolder = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    const cluster = await startIn(folder, options);
    return {
      ...cluster,
      stop: async () => {
        try {
          await cluster.stop();
        } finally {
          await removeFolder();
        }
      },
    };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

async function startIn(folder: string, options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const broken = Promise.withResolvers<Failure>();
  const listening = Promise.withResolvers<string>();
  const ending = new AbortController();
  let isStopping = false;
  const settings = settingsIn(folder, options.settings);
  const coordinator = runCoordinator(settings, ending.signal, { onListening: listening.resolve }).then(
    () => undefined,
    (error: unknown) => {
      listening.reject(error);
      broken.resolve(classifyUnknown(error, 'the embedded coordinator', true));
    },
  );
  const address = await listening.promise;
  const children = Array.from({ length: options.taskManagers }, (_, index) =>
    startTaskManager({ ...options, settings }, address, index, (failure) => {
      if (!isStopping) {
        broken.resolve(failure);
      }
    }),
  );
  return {
    address,
    broken: broken.promise,
    stop: async () => {
      isStopping = true;
      // The task managers first: one that loses its coordinator would log a loss that is none.
      await Promise.all(children.map(endChild));
      ending.abort();
      await coordinator;
    },
  };
}

function settingsIn(folder: string, { layers, configuration }: Settings): Settings {
  const defaults = {
    'coordinator.jobs-dir': 'jobs',
    'state.checkpoints.dir': 'checkpoints',
    'state.local-dir': 'state',
  };
  const own = Object.entries(defaults).filter(([key]) => Reflect.get(configuration, key) === undefined);
  const values = {
    'coordinator.rpc.host': '127.0.0.1',
    'coordinator.rpc.port': '0',
    'high-availability.type': 'none',
    'io.tmp.dirs': folder,
    ...Object.fromEntries(own.map(([key, name]) => [key, join(folder, name)])),
  };
  return settingsOf([...layers, { origin: 'embedded cluster', values }]);
}

/** Of a configuration that is shared with a real cluster: what holds for its network does not hold between these processes. */
const ELSEWHERE = Object.fromEntries(
  ['taskmanager.advertised-host', 'taskmanager.data.advertised-port'].map((key) => [variableOf(key), undefined]),
);

function startTaskManager(
  { settings, slotsPerTaskManager }: EmbeddedClusterOptions,
  address: string,
  index: number,
  onEnd: (failure: Failure) => void,
): ChildProcess {
  const keys = {
    ...merged(settings),
    'coordinator.rpc.addresses': address,
    'taskmanager.id': `embedded-${index}`,
    'taskmanager.host': '127.0.0.1',
    'taskmanager.data.port': '0',
    'taskmanager.numberOfTaskSlots': String(slotsPerTaskManager),
  };
  // By the environment and not by arguments: other users of the machine can read a process' arguments, and keys hold secrets.
  const environment = Object.fromEntries(Object.entries(keys).map(([key, value]) => [variableOf(key), value]));
  // The pipe ends with this process, however it ends: no task manager is left behind by a kill.
  const child = spawn(process.execPath, [MAIN, 'taskmanager', '--end-with-input'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...process.env, ...environment, ...ELSEWHERE },
  });
  child.once('error', (error) => {
    onEnd({
      code: 'task-manager-ended',
      reaction: 'fail-job',
      message: `task manager embedded-${index} could not be started: ${error.message}.`,
      remedy: 'See the limits on processes and memory.',
    });
  });
  child.once('exit', (code, signal) => {
    onEnd({
      code: 'task-manager-ended',
      reaction: 'fail-job',
      message: `task manager embedded-${index} ended by itself (${signal ?? `exit code ${code ?? 0}`}).`,
      remedy: 'Its last log lines stand above.',
    });
  });
  return child;
}

async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await gone;
  clearTimeout(late);
}

function merged(settings: Settings): Readonly<Record<string, string>> {
  return Object.fromEntries(settings.layers.flatMap(({ values }) => Object.entries(values)));
}
