import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { customCoordinatorConnector } from '../connectors/custom/custom-coordinator-connector.ts';
import { fileCoordinatorConnector } from '../connectors/file/node-file-coordinator-connector.ts';
import { generatorCoordinatorConnector } from '../connectors/generator/generator-coordinator-connector.ts';
import { kafkaCoordinatorConnector } from '../connectors/kafka/kafka-coordinator-connector.ts';
import { nodeClock } from '../shared/clock/node-clock.ts';
import { temporaryFolder } from '../shared/config/node-temporary-folder.ts';
import type { Configuration } from '../shared/config/options.ts';
import type { CoordinatorConnectors } from '../shared/connector/connector.ts';
import type { ConnectorSettings } from '../shared/connector/connector-settings.ts';
import type { LeaderEpoch } from '../shared/ids.ts';
import { loadJob } from '../shared/job/node-load-job.ts';
import type { Logger } from '../shared/log/logger.ts';
import { seededRandom } from '../shared/random/random.ts';
import { openSnapshotStore, s3Settings } from '../shared/snapshot-store/node-open-snapshot-store.ts';
import type { SnapshotStore } from '../shared/snapshot-store/snapshot-store.ts';
import { VERSION } from '../shared/version.ts';
import { openCoordinatorServer } from './api/grpc-coordinator-server.ts';
import type { CoordinatorServer } from './api/grpc-coordinator-server.ts';
import type { ConnectorDeps } from './api/make-connectors.ts';
import { NodeArtifactStore } from './api/node-artifact-store.ts';
import { inspectJob } from './api/node-inspect-job.ts';
import { SharedArtifactStore } from './api/shared-artifact-store.ts';
import { remakeConnectors } from './api/submit-job.ts';
import type { SubmitDeps } from './api/submit-job.ts';
import { MemoryElection } from './election/memory-election.ts';
import type { LeaderElection } from './election/leader-election.ts';
import type { JobStore } from './job-store/job-store.ts';
import { MemoryJobStore } from './job-store/memory-job-store.ts';
import { CoordinatorLoop } from './runtime/coordinator-loop.ts';
import { copySavepoint } from './savepoints/copy-savepoint.ts';
import { checkpointDirectory, clusterId, kernelSettings, transactionTimeoutNeeded } from './settings.ts';

/** What the cluster's configuration says, parsed, and the keys that connectors read. */
export interface CoordinatorSettings {
  readonly configuration: Configuration;
  readonly connectors: ConnectorSettings;
}

/** Of one object of a savepoint: they are large, and nobody waits for a single one. */
const SAVEPOINT_CALL_MS = 60_000;

/** The connectors' coordinator halves, by the names that sources and sinks give. */
const CONNECTORS: CoordinatorConnectors = new Map([
  ['kafka', kafkaCoordinatorConnector],
  ['file', fileCoordinatorConnector],
  ['generator', generatorCoordinatorConnector],
  ['custom', customCoordinatorConnector],
]);

export function wireElection(): LeaderElection {
  return new MemoryElection(nodeClock.nowMs());
}

export function wireJobStore(): JobStore {
  return new MemoryJobStore();
}

export async function wireSnapshots({ configuration }: CoordinatorSettings): Promise<SnapshotStore> {
  return await openSnapshotStore(checkpointDirectory(configuration), s3Settings(configuration));
}

/** What a leader works with. */
export interface LeaderParts {
  readonly epoch: LeaderEpoch;
  readonly store: JobStore;
  readonly snapshots: SnapshotStore;
  readonly logger: Logger;
}

export function wireLoop(settings: CoordinatorSettings, { epoch, store, snapshots, logger }: LeaderParts): CoordinatorLoop {
  const { configuration } = settings;
  return new CoordinatorLoop({
    clock: nodeClock,
    random: seededRandom(randomBytes(4).readInt32BE()),
    store,
    snapshots,
    copySavepoint: async ({ pin, snapshots: checkpoints }, signal) => {
      const open = async (location: string): Promise<SnapshotStore> =>
        await openSnapshotStore(location, s3Settings(configuration));
      await copySavepoint(pin, { checkpoints, open, callMs: SAVEPOINT_CALL_MS }, signal);
      return pin.directory;
    },
    remakeConnectors: async (spec) => await remakeConnectors(spec, connectorDeps(settings, { snapshots, logger })),
    epoch,
    settings: kernelSettings(configuration),
    logger,
  });
}

export async function wireServer(
  settings: CoordinatorSettings,
  loop: CoordinatorLoop,
  { snapshots, logger }: LeaderParts,
): Promise<CoordinatorServer> {
  const { configuration } = settings;
  return await openCoordinatorServer(configuration['coordinator.rpc.host'], configuration['coordinator.rpc.port'], {
    ...connectorDeps(settings, { snapshots, logger }),
    loop,
    inspect: async (request, signal) => await inspectJob(request, signal),
    transactionTimeoutNeededMs: transactionTimeoutNeeded(configuration),
    newLineage: randomUUID,
    version: VERSION,
    defaultParallelism: configuration['parallelism.default'],
    maxParallelism: configuration['pipeline.max-parallelism'],
    artifactBytesMax: configuration['coordinator.artifact-bytes-max'],
  });
}

function connectorDeps(
  { configuration, connectors }: CoordinatorSettings,
  { snapshots, logger }: Pick<LeaderParts, 'snapshots' | 'logger'>,
): ConnectorDeps & Pick<SubmitDeps, 'artifacts' | 'load'> {
  const cache = new NodeArtifactStore(join(temporaryFolder(configuration), 'artifacts'));
  return {
    artifacts: new SharedArtifactStore(cache, snapshots, nodeClock),
    connectors: CONNECTORS,
    settings: connectors,
    clusterId: clusterId(configuration),
    clock: nodeClock,
    logger,
    load: loadJob,
  };
}
