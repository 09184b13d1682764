import type { Clock } from '../../shared/clock/clock.ts';
import { classifyUnknown, formatFailure } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { JobStore, StoredRecord } from '../job-store/job-store.ts';
import type { LoadedCluster } from '../kernel/recover-kernel.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';
import { loadRecords, readCluster } from './load-cluster.ts';

export interface LoadDeps {
  readonly store: JobStore;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

const REPEAT: RetryBackoff = { firstMs: 100, mostMs: 5_000, triesMax: Number.POSITIVE_INFINITY };

/** Until the stores answer: a leader that does not know its jobs can do nothing. */
export async function loadCluster(
  { store, snapshots, clock, logger }: LoadDeps,
  signal: AbortSignal,
): Promise<{ readonly records: readonly StoredRecord[]; readonly cluster: LoadedCluster }> {
  for (let tries = 1; ; tries += 1) {
    try {
      const records = await loadRecords(store, signal);
      return { records, cluster: await readCluster(records, snapshots, signal) };
    } catch (error) {
      const failure = classifyUnknown(error, 'loading the jobs');
      if (signal.aborted || failure.reaction !== 'retry') {
        throw error;
      }
      logger.warn('jobs-not-loaded', { tries, code: failure.code, failure: formatFailure(failure) });
      await clock.sleep(backoffMs(REPEAT, tries), signal);
    }
  }
}
