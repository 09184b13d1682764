import { randomBytes } from 'node:crypto';
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
import { VERSION } from '../shared/version.ts';
import { openCoordinatorServer } from './api/grpc-coordinator-server.ts';
import type { CoordinatorServer } from './api/grpc-coordinator-server.ts';
import { NodeArtifactStore } from './api/node-artifact-store.ts';
import { inspectJob } from './api/node-inspect-job.ts';
import { MemoryElection } from './election/memory-election.ts';
import type { LeaderElection } from './election/leader-election.ts';
import { MemoryJobStore } from './jobs/memory-job-store.ts';
import { CoordinatorLoop } from './runtime/coordinator-loop.ts';
import { kernelSettings } from './settings.ts';

/** What the cluster's configuration says, parsed, and the keys that connectors read. */
export interface CoordinatorSettings {
  readonly configuration: Configuration;
  readonly connectors: ConnectorSettings;
}

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

export function wireLoop({ configuration }: CoordinatorSettings, epoch: LeaderEpoch, logger: Logger): CoordinatorLoop {
  return new CoordinatorLoop({
    clock: nodeClock,
    random: seededRandom(randomBytes(4).readInt32BE()),
    store: new MemoryJobStore(),
    epoch,
    settings: kernelSettings(configuration),
    logger,
  });
}

export async function wireServer(
  { configuration, connectors }: CoordinatorSettings,
  loop: CoordinatorLoop,
  logger: Logger,
): Promise<CoordinatorServer> {
  return await openCoordinatorServer(configuration['coordinator.rpc.host'], configuration['coordinator.rpc.port'], {
    loop,
    artifacts: new NodeArtifactStore(join(temporaryFolder(configuration), 'artifacts')),
    connectors: CONNECTORS,
    settings: connectors,
    clock: nodeClock,
    logger,
    inspect: async (request, signal) => await inspectJob(request, signal),
    load: loadJob,
    version: VERSION,
    defaultParallelism: configuration['parallelism.default'],
    maxParallelism: configuration['pipeline.max-parallelism'],
    artifactBytesMax: configuration['coordinator.artifact-bytes-max'],
  });
}
