import type { Logger } from '../../shared/log/logger.ts';
import type { JobSend } from '../jobs/job-events.ts';

/** What happens in the course of things: a subtask that has read its input, a job that ends. Nobody has to look. */
const EXPECTED: ReadonlySet<string> = new Set(['subsumed', 'cancelled', 'subtask-finished', 'attempt-ending']);

/** Every failed checkpoint is told by its sentence; completed ones, at many a second, only to who wants to know all. */
export function noteCheckpoint(
  note: Extract<JobSend, { kind: 'note-completed' | 'note-failed' }>,
  logger: Logger,
): void {
  const { jobId } = note;
  const checkpoint = note.stats.checkpoint.toString();
  if (note.kind === 'note-completed') {
    const { tookMs, newBytes, fullBytes } = note.stats;
    logger.debug('checkpoint-completed', { jobId, checkpoint, tookMs: Math.round(tookMs), newBytes, fullBytes });
  } else {
    const { reason, sentence } = note.stats;
    const told = { jobId, checkpoint, reason, sentence };
    if (EXPECTED.has(reason)) {
      logger.info('checkpoint-failed', told);
    } else {
      logger.warn('checkpoint-failed', told);
    }
  }
}
