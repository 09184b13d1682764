import { nodeClock } from '../shared/clock/node-clock.ts';
import { StreamError } from '../shared/failure/failure.ts';
import { nodeLogger } from '../shared/log/node-logger.ts';
import { abortPrepared, commitOwed, owedBy } from './api/settle-transactions.ts';
import type { SettleDeps } from './api/settle-transactions.ts';
import { transactionScope } from './jobs/transaction-scope.ts';
import type { LoadedJob } from './jobs/recover-job.ts';
import { loadRecords, readCluster } from './runtime/load-cluster.ts';
import { RecordWriter } from './runtime/record-writer.ts';
import { clusterId } from './settings.ts';
import { wireCandidacy, wireDirectory, wireRemakeConnectors, wireSnapshots } from './wiring.ts';
import type { CoordinatorSettings } from './wiring.ts';

/** What `nerve txn` does with the transactions of jobs whose cluster is down: a process that leads for a moment. */

/** A leader that died keeps its lease for seconds; one that lives keeps it for good, and then there is nothing to do by hand. */
const CAMPAIGN_MS = 15_000;
const FIND_LEADER_MS = 3_000;

export interface JobTransactions {
  readonly jobId: string;
  readonly state: string;
  /** The last checkpoint; undefined: none. */
  readonly checkpoint: string | undefined;
  /** Promised by that checkpoint and not known to be committed. */
  readonly owed: readonly { readonly sink: string; readonly outputs: number }[];
  /** What the job's transactional ids begin with. */
  readonly prefix: string;
}

/** Of all jobs whose records are there, or of one. Only reads. @throws StreamError */
export async function listTransactions(
  settings: CoordinatorSettings,
  jobId: string | undefined,
  signal: AbortSignal,
): Promise<readonly JobTransactions[]> {
  return await withCluster(settings, async ({ store, snapshots }) => {
    const { jobs } = await readCluster(await loadRecords(store, signal), snapshots, signal);
    const chosen = jobId === undefined ? jobs : [jobNamed(jobs, jobId)];
    return chosen.map((job) => describe(job, clusterId(settings.configuration)));
  });
}

/** Commits what is owed; how many outputs that were. @throws StreamError */
export async function commitTransactions(
  settings: CoordinatorSettings,
  jobId: string,
  signal: AbortSignal,
): Promise<number> {
  return await whileLeading(
    settings,
    jobId,
    signal,
    async (job, deps, leading) => await commitOwed(job, deps, leading),
  );
}

/** Drops what no checkpoint covers; which attempts. @throws StreamError `transactions-owed` unless the loss is accepted */
export async function abortTransactions(
  settings: CoordinatorSettings,
  jobId: string,
  acceptsLoss: boolean,
  signal: AbortSignal,
): Promise<readonly number[]> {
  return await whileLeading(
    settings,
    jobId,
    signal,
    async (job, deps, leading) => await abortPrepared(job, acceptsLoss, deps, leading),
  );
}

async function whileLeading<T>(
  settings: CoordinatorSettings,
  jobId: string,
  signal: AbortSignal,
  work: (job: LoadedJob, deps: SettleDeps, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await withCluster(settings, async ({ store, snapshots, election, logger }) => {
    await expectNoLeader(settings, signal);
    const leadership = await election.campaign(AbortSignal.any([signal, AbortSignal.timeout(CAMPAIGN_MS)]));
    if (leadership === undefined) {
      signal.throwIfAborted();
      throw new StreamError(notDown());
    }
    try {
      const leading = AbortSignal.any([signal, leadership.lost]);
      const records = await loadRecords(store, leading);
      const { jobs } = await readCluster(records, snapshots, leading);
      const writer = new RecordWriter({ store, epoch: leadership.epoch, clock: nodeClock, logger });
      writer.know(records);
      const remakeConnectors = wireRemakeConnectors(settings, { snapshots, logger });
      return await work(jobNamed(jobs, jobId), { writer, clock: nodeClock, remakeConnectors }, leading);
    } finally {
      await leadership.resign();
    }
  });
}

type Opened = Awaited<ReturnType<typeof wireCandidacy>> & {
  readonly snapshots: Awaited<ReturnType<typeof wireSnapshots>>;
  readonly logger: ReturnType<typeof nodeLogger>;
};

async function withCluster<T>(settings: CoordinatorSettings, work: (opened: Opened) => Promise<T>): Promise<T> {
  const logger = nodeLogger('txn', 'error');
  // Nobody listens there: whoever follows the leader's address for this moment is refused, and asks again.
  const { store, election } = await wireCandidacy(settings, '127.0.0.1:1', logger);
  try {
    const snapshots = await wireSnapshots(settings);
    try {
      return await work({ store, election, snapshots, logger });
    } finally {
      await snapshots.close();
    }
  } finally {
    await election.close();
    await store.close();
  }
}

async function expectNoLeader(settings: CoordinatorSettings, signal: AbortSignal): Promise<void> {
  const directory = wireDirectory(settings);
  try {
    const found = await directory?.find({ deadlineMs: FIND_LEADER_MS, signal });
    if (found?.kind === 'leader') {
      throw new StreamError(notDown(found.leader.address));
    }
  } finally {
    directory?.close();
  }
}

function describe({ record, stored, ...rest }: LoadedJob, cluster: string): JobTransactions {
  const { jobId } = record.spec;
  return {
    jobId,
    state: rest.terminal?.state ?? record.state,
    checkpoint: stored.pointer?.pointer.checkpoint.toString(),
    owed: owedBy({ record, stored, ...rest }).map(({ sink, committables }) => ({ sink, outputs: committables.length })),
    prefix: `${transactionScope(cluster, record.spec)}/${jobId}/`,
  };
}

function jobNamed(jobs: readonly LoadedJob[], jobId: string): LoadedJob {
  const found = jobs.find(({ record }) => record.spec.jobId === jobId);
  if (found === undefined) {
    const known = jobs.map(({ record }) => record.spec.jobId).join(', ');
    throw new StreamError({
      code: 'job-not-found',
      reaction: 'fail-job',
      message: `The records of this cluster hold no job "${jobId}"; they hold ${known === '' ? 'none' : known}.`,
      remedy:
        'See that high-availability.* (or coordinator.jobs-dir) and the cluster id are those of the coordinators.',
    });
  }
  return found;
}

function notDown(address?: string): ConstructorParameters<typeof StreamError>[0] {
  return {
    code: 'job-not-down',
    reaction: 'fail-job',
    message: `A coordinator leads${address === undefined ? '' : ` (${address})`}: it commits what is owed by itself.`,
    remedy: '"nerve list" and "nerve status" show its jobs; stop the coordinators first to do it by hand.',
  };
}
