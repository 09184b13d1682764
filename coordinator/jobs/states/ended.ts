import { withoutAbandoned } from '../end-attempt.ts';
import { pointerOf, storedCheckpoints } from '../job-checkpoints.ts';
import type { JobCheckpoints } from '../job-checkpoints.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { unchangedJob } from '../job-events.ts';
import { recordOf } from '../job-record.ts';
import { commonOf, isEnding } from '../job.ts';
import type { CreatedJob, EndedJob, EndingJob, WaitingJob } from '../job.ts';

/** Makes an end durable, and closes what the coordinator holds for the job. No exits (job.ts I3). */
export function endJob(job: EndingJob | CreatedJob | WaitingJob, kind: EndedJob['kind'], context: JobContext): JobStep {
  const { jobId } = job.spec;
  const attempts = isEnding(job) ? withoutAbandoned(job.attempts, job.abandonments) : job.attempts;
  const checkpoints = withoutIdleMachine(job.checkpoints);
  const next: EndedJob = { ...commonOf(job, context.wallMs), kind, attempts, checkpoints };
  return {
    ...unchangedJob(next),
    persist: [
      { kind: 'put-job', record: recordOf(next) },
      { kind: 'put-attempts', jobId, attempts },
      { kind: 'put-terminal', jobId, record: { state: kind } },
    ],
    send: [{ kind: 'close-job', jobId }],
  };
}

/** The metadata of an ended job is not kept in memory; while a savepoint of it is being copied somebody waits for the answer. */
export function withoutIdleMachine(checkpoints: JobCheckpoints): JobCheckpoints {
  const { machine } = checkpoints;
  if (machine === undefined || machine.copying.length > 0) {
    return checkpoints;
  }
  const stored = { ...storedCheckpoints(checkpoints), pointer: undefined, copying: [] };
  return { ...checkpoints, machine: undefined, commits: undefined, stored, lastPointer: pointerOf(checkpoints) };
}
