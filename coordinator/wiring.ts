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
import { EtcdMembers } from '../shared/etcd/etcd-members.ts';
import { etcdSettings } from '../shared/etcd/node-etcd-settings.ts';
import { loadJob } from '../shared/job/node-load-job.ts';
import type { LeaderDirectory } from '../shared/leader/leader-directory.ts';
import { openLeaderDirectory } from '../shared/leader/node-open-leader-directory.ts';
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
import { shapeJob } from './api/rescale-job.ts';
import { remakeConnectors } from './api/submit-job.ts';
import type { SubmitDeps } from './api/submit-job.ts';
import { EtcdElection } from './election/etcd-election.ts';
import { MemoryElection } from './election/memory-election.ts';
import type { LeaderElection } from './election/leader-election.ts';
import { EtcdJobStore } from './job-store/etcd-job-store.ts';
import type { JobStore } from './job-store/job-store.ts';
import { MemoryJobStore } from './job-store/memory-job-store.ts';
import { NodeJobStore } from './job-store/node-job-store.ts';
import { CoordinatorLoop } from './runtime/coordinator-loop.ts';
import { probeAddress } from './runtime/node-probe-address.ts';
import type { RemakeConnectors } from './runtime/remake-connectors-loop.ts';
import { CopiesRegistry } from './savepoints/copies-in-use.ts';
import { copySavepoint } from './savepoints/copy-savepoint.ts';
import type { SavepointDeps } from './savepoints/copy-savepoint.ts';
import { checkpointDirectory, clusterId, kernelSettings, transactionTimeoutNeeded } from './settings.ts';

/** What the cluster's configuration says, parsed, and the keys that connectors read. */
export interface CoordinatorSettings {
  readonly configuration: Configuration;
  readonly connectors: ConnectorSettings;
}

/** A standby asks etcd for the leader when it is asked. */
const FIND_LEADER_MS = 1_000;
/** Of one object of a savepoint: they are large, and nobody waits for a single one. */
const SAVEPOINT_CALL_MS = 60_000;

/** The connectors' coordinator halves, by the names that sources and sinks give. */
const CONNECTORS: CoordinatorConnectors = new Map([
  ['kafka', kafkaCoordinatorConnector],
  ['file', fileCoordinatorConnector],
  ['generator', generatorCoordinatorConnector],
  ['custom', customCoordinatorConnector],
]);

/** What a coordinator needs to become the leader, and to be one durably. */
export interface Candidacy {
  readonly store: JobStore;
  readonly election: LeaderElection;
}

/** `address`: where others reach this coordinator. @throws StreamError when the job store cannot be used */
export async function wireCandidacy(
  { configuration }: CoordinatorSettings,
  address: string,
  logger: Logger,
): Promise<Candidacy> {
  if (configuration['high-availability.type'] === 'etcd') {
    const etcd = etcdSettings(configuration);
    const store = new EtcdJobStore(new EtcdMembers(etcd));
    return {
      store,
      election: new EtcdElection({ etcd, leaseMs: configuration['high-availability.lease'], address, logger }),
    };
  }
  const folder = jobsFolder(configuration);
  if (folder === undefined) {
    return { store: new MemoryJobStore(), election: new MemoryElection(nodeClock.nowMs()) };
  }
  const store = await NodeJobStore.open(folder);
  const now = BigInt(nodeClock.nowMs());
  return { store, election: new MemoryElection(now > store.highestEpoch ? now : store.highestEpoch) };
}

/**
 * Where one coordinator alone keeps the records of its jobs. Nowhere when that is named "", as the embedded default does, or
 * when it chooses its port itself: nobody could find it again after a restart.
 */
function jobsFolder(configuration: Configuration): string | undefined {
  const port = configuration['coordinator.rpc.port'];
  const named = configuration['coordinator.jobs-dir'];
  if (named !== undefined) {
    return named === '' ? undefined : named;
  }
  return port === 0 ? undefined : join(temporaryFolder(configuration), `coordinator-${port}`, 'jobs');
}

/** Who leads, for a coordinator that does not. Where there is only one, nobody else can. */
export function wireDirectory({ configuration }: CoordinatorSettings): LeaderDirectory | undefined {
  return configuration['high-availability.type'] === 'etcd' ? openLeaderDirectory(configuration) : undefined;
}

export async function wireSnapshots({ configuration }: CoordinatorSettings): Promise<SnapshotStore> {
  return await openSnapshotStore(checkpointDirectory(configuration), s3Settings(configuration));
}

/** What a leader works with. */
export interface LeaderParts {
  readonly epoch: LeaderEpoch;
  readonly isProven: () => boolean;
  readonly store: JobStore;
  readonly snapshots: SnapshotStore;
  readonly logger: Logger;
}

/** Makes the connectors of a job that another leader has accepted. */
export function wireRemakeConnectors(
  settings: CoordinatorSettings,
  parts: Pick<LeaderParts, 'snapshots' | 'logger'>,
): RemakeConnectors {
  return async (spec) => await remakeConnectors(spec, connectorDeps(settings, parts));
}

export function wireLoop(
  settings: CoordinatorSettings,
  { epoch, isProven, store, snapshots, logger }: LeaderParts,
): CoordinatorLoop {
  const { configuration } = settings;
  return new CoordinatorLoop({
    clock: nodeClock,
    random: seededRandom(randomBytes(4).readInt32BE()),
    store,
    snapshots,
    copySavepoint: async ({ pin, snapshots: checkpoints }, signal) => {
      await copySavepoint(pin, savepointDeps(settings, checkpoints), signal);
      return pin.directory;
    },
    probe: probeAddress,
    remakeConnectors: wireRemakeConnectors(settings, { snapshots, logger }),
    shapeJob: async (order) => await shapeJob(order, connectorDeps(settings, { snapshots, logger })),
    epoch,
    isProven,
    settings: kernelSettings(configuration),
    logger,
  });
}

/** Listens at once, and says who leads; the other services answer when it leads (`lead`). */
export async function wireServer(
  { configuration }: CoordinatorSettings,
  directory: LeaderDirectory | undefined,
): Promise<CoordinatorServer> {
  const { signal } = new AbortController();
  return await openCoordinatorServer({
    host: configuration['coordinator.rpc.host'],
    port: configuration['coordinator.rpc.port'],
    advertisedHost: configuration['coordinator.rpc.advertised-host'] ?? configuration['coordinator.rpc.host'],
    // Heartbeats decide first, and say so; this clears away the connection that they came over.
    silenceMs: configuration['heartbeat.timeout'] + 2 * configuration['heartbeat.interval'],
    findLeader: async () => {
      const answer = await directory?.find({ deadlineMs: FIND_LEADER_MS, signal });
      return answer?.kind === 'leader' ? answer.leader : undefined;
    },
  });
}

/** What a leader's services work with. */
export function servedBy(
  settings: CoordinatorSettings,
  loop: CoordinatorLoop,
  { snapshots, store, logger }: LeaderParts,
): Parameters<CoordinatorServer['lead']>[0] {
  const { configuration } = settings;
  return {
    snapshots: {
      ...savepointDeps(settings, snapshots),
      copies: new CopiesRegistry(),
      jobStore: store,
      checkpointDirectory: checkpointDirectory(configuration),
      savepointDirectory: configuration['state.savepoints.dir'],
      newSuffix: () => randomBytes(4).toString('hex'),
    },
    ...connectorDeps(settings, { snapshots, logger }),
    loop,
    inspect: async (request, signal) => await inspectJob(request, signal),
    transactionTimeoutNeededMs: transactionTimeoutNeeded(configuration),
    newLineage: randomUUID,
    version: VERSION,
    defaultParallelism: configuration['parallelism.default'],
    maxParallelism: configuration['pipeline.max-parallelism'],
    schedulerMode: configuration['scheduler-mode'],
    artifactBytesMax: configuration['coordinator.artifact-bytes-max'],
  };
}

function savepointDeps({ configuration }: CoordinatorSettings, checkpoints: SnapshotStore): SavepointDeps {
  const open = async (location: string): Promise<SnapshotStore> =>
    await openSnapshotStore(location, s3Settings(configuration));
  return { checkpoints, open, callMs: SAVEPOINT_CALL_MS };
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
