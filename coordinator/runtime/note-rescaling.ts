import type { Logger } from '../../shared/log/logger.ts';
import type { RescaleNote } from '../jobs/job-events.ts';

/** Every change of a job's parallelism is told with its reason, and so is one that did not come about and nobody waits for. */
export function noteRescaling(note: RescaleNote, logger: Logger): void {
  const { jobId } = note;
  if (note.kind === 'note-rescaled') {
    const { from, to, reason } = note;
    logger.info('job-rescaled', {
      jobId,
      from: from.defaultParallelism,
      to: to.defaultParallelism,
      slots: to.slotsNeeded,
      reason,
    });
  } else {
    logger.warn('job-not-redeployed', { jobId, purpose: note.purpose, why: note.why });
  }
}
