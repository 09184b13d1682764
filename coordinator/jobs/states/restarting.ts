import type { Instant } from '../../membership/members.ts';
import { advanceEnd, cancelCommands, endingOf, withoutAbandoned } from '../end-attempt.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf } from '../job.ts';
import type { ActiveJob, RestartingJob } from '../job.ts';
import { awaitSlots } from './waiting-for-slots.ts';

/**
 * The attempt has failed and is being ended everywhere; the next one waits for that (job.ts I1) and for its delay.
 * Exits: waiting-for-slots, failing, cancelling, finishing (it had begun to stop).
 */
export function restartJob(job: ActiveJob, resumeAt: Instant, context: JobContext): JobStep {
  const next: RestartingJob = {
    ...commonOf(job, context.wallMs),
    kind: 'restarting',
    ...endingOf(job, context),
    resumeAt,
  };
  return {
    ...unchangedJob(next),
    persist: [{ kind: 'put-job', record: recordOf(next) }],
    send: cancelCommands(job),
    tell: [{ kind: 'end' }],
  };
}

/** To be called whenever something that the end waits for has changed, and when time has passed. */
export function resumeIfEnded(job: RestartingJob, context: JobContext): JobStep {
  const { job: next, persist, send, isOver } = advanceEnd(job, context);
  if (!isOver || context.now < job.resumeAt) {
    return { ...unchangedJob(next), persist, send };
  }
  const attempts = withoutAbandoned(next.attempts, next.abandonments);
  return { ...unchangedJob(awaitSlots({ ...next, attempts }, context.wallMs)), persist, send };
}
