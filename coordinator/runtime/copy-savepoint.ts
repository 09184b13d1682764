import { classifyUnknown, formatFailure } from '../../shared/failure/failure.ts';
import { isAbort } from '../../shared/failure/failure.ts';
import type { JobId } from '../../shared/ids.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { SavepointPin } from '../checkpoints/checkpoint-events.ts';
import type { JobSend } from '../jobs/job-events.ts';
import type { EffectDeps } from './perform-effects.ts';

/**
 * Copies a pinned checkpoint to where a savepoint is wanted, and answers where it stands. Idempotent, and safe to begin again after
 * a crash at any moment: the manifest is written last.
 * @throws StreamError
 */
export type CopySavepoint = (
  request: { readonly jobId: JobId; readonly pin: SavepointPin; readonly snapshots: SnapshotStore },
  signal: AbortSignal,
) => Promise<string>;

export async function copySavepointOf(
  { jobId, pin }: Extract<JobSend, { kind: 'copy-savepoint' }>,
  { copySavepoint, snapshots, raise, logger }: Pick<EffectDeps, 'copySavepoint' | 'snapshots' | 'raise' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  const { checkpoint, directory } = pin;
  const answer = { kind: 'savepoint-copied', jobId, checkpoint, directory } as const;
  try {
    const path = await copySavepoint({ jobId, pin, snapshots }, signal);
    logger.info('savepoint-completed', { jobId, checkpoint: checkpoint.toString(), path });
    raise({ ...answer, path, failure: undefined });
  } catch (error) {
    if (signal.aborted && isAbort(error)) {
      return;
    }
    const failure = classifyUnknown(error, `the savepoint in ${directory}`);
    logger.warn('savepoint-failed', { jobId, checkpoint: checkpoint.toString(), failure: formatFailure(failure) });
    raise({ ...answer, failure });
  }
}
