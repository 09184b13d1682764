import { advanceEnd, endByOf, endingOf, isWaitTooLong } from '../end-attempt.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { ActiveJob, EndingJob, FinishingJob } from '../job.ts';
import { endAsFinished } from './finished.ts';

/**
 * All is done: every subtask has finished, which each does behind a checkpoint that holds its last state, so all output is
 * committed; or the checkpoint with which the job stops is complete. The task managers end the attempt by themselves. A loss of
 * one changes nothing any more, and a cancel is too late. Exits: finished, failing (output was lost).
 */
export function finishJob(job: ActiveJob | EndingJob, context: JobContext): JobStep {
  const next: FinishingJob = {
    ...commonOf(job, context.wallMs),
    kind: 'finishing',
    ...endingOf(job, context),
    endBy: endByOf(context),
  };
  return {
    ...unchangedJob(next),
    persist: [{ kind: 'put-job', record: recordOf(next) }],
    tell: [{ kind: 'end' }],
  };
}

export function finishIfEnded(job: FinishingJob, context: JobContext): JobStep {
  const { job: next, persist, send, isOver } = advanceEnd(job, context);
  if (!isOver && !isWaitTooLong(next, context)) {
    return { ...unchangedJob(next), persist, send };
  }
  const end = endAsFinished(next, context);
  return { ...end, persist: [...persist, ...end.persist], send: [...send, ...end.send] };
}
