import { advanceEnd, cancelCommands, endingOf, isWaitTooLong } from '../end-attempt.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf, isEnding } from '../job.ts';
import type { ActiveJob, EndingJob, FailingJob } from '../job.ts';
import { endAsFailed } from './failed.ts';

/**
 * The job has failed for good; its last attempt is being ended everywhere. Stored at once, so that no later coordinator
 * restarts it. Exits: failed, finishing (it had begun to stop).
 */
export function failJob(job: ActiveJob | EndingJob, context: JobContext): JobStep {
  const next: FailingJob = { ...commonOf(job, context.wallMs), kind: 'failing', ...endingOf(job, context) };
  return {
    ...unchangedJob(next),
    persist: [{ kind: 'put-job', record: recordOf(next) }],
    // Of a job that finishes nobody was told to end: its subtasks were to end by themselves.
    send: isEnding(job) && job.kind !== 'finishing' ? [] : cancelCommands(job),
    tell: [{ kind: 'end' }],
  };
}

export function failIfEnded(job: FailingJob, context: JobContext): JobStep {
  const { job: next, persist, send, isOver } = advanceEnd(job, context);
  if (!isOver && !isWaitTooLong(next, context)) {
    return { ...unchangedJob(next), persist, send };
  }
  const end = endAsFailed(next, context);
  return { ...end, persist: [...persist, ...end.persist], send: [...send, ...end.send] };
}
