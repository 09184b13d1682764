import { advanceEnd, cancelCommands, endingOf, isWaitTooLong } from '../end-attempt.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { ActiveJob, CancellingJob, RestartingJob } from '../job.ts';
import { endAsCancelled } from './cancelled.ts';

/**
 * Somebody asked for the end; the attempt is being ended everywhere. Exits: cancelled, failing (a commit that had begun cannot be
 * finished), finishing (it had begun to stop).
 */
export function cancelJob(job: ActiveJob | RestartingJob, context: JobContext): JobStep {
  const next: CancellingJob = { ...commonOf(job, context.wallMs), kind: 'cancelling', ...endingOf(job, context) };
  return {
    ...unchangedJob(next),
    persist: [{ kind: 'put-job', record: recordOf(next) }],
    send: job.kind === 'restarting' ? [] : cancelCommands(job),
    tell: [{ kind: 'end' }],
  };
}

export function cancelIfEnded(job: CancellingJob, context: JobContext): JobStep {
  const { job: next, persist, send, isOver } = advanceEnd(job, context);
  if (!isOver && !isWaitTooLong(next, context)) {
    return { ...unchangedJob(next), persist, send };
  }
  const end = endAsCancelled(next, context);
  return { ...end, persist: [...persist, ...end.persist], send: [...send, ...end.send] };
}
