import type { JobId } from '../../shared/ids.ts';
import { createJob } from '../jobs/states/created.ts';
import { hasEnded } from '../jobs/job.ts';
import type { JobSpec } from '../jobs/job-spec.ts';
import type { KernelDraft } from './kernel-draft.ts';

/** Takes a new job in. Its id may be that of a job that has ended, whose attempt numbers then go on (job.ts I2). */
export function submitJob(draft: KernelDraft, request: number, spec: JobSpec): void {
  const older = draft.state.jobs.get(spec.jobId);
  if (older !== undefined && !hasEnded(older)) {
    const failure = {
      code: 'job-exists',
      reaction: 'fail-job',
      message: `There is a job "${spec.jobId}" already, and it is ${older.kind}.`,
      remedy: 'Cancel it first, or submit under another id.',
    } as const;
    draft.send({ kind: 'answer', request, answer: { kind: 'refused', failure } });
    return;
  }
  if (older !== undefined) {
    // Out and in again, so that it stands last: jobs are kept in the order of submission.
    draft.change({ jobs: without(draft.state.jobs, spec.jobId) });
  }
  draft.applyJob(createJob(spec, older?.lastAttempt ?? draft.state.attemptFloor, draft.context.wallMs));
  draft.send({ kind: 'answer', request, answer: { kind: 'accepted', jobId: spec.jobId } });
  draft.send({ kind: 'raise', event: { kind: 'stored', jobId: spec.jobId } });
}

/** Forgets the oldest of the ended jobs when there are more than are kept. */
export function forgetEndedJobs(draft: KernelDraft): void {
  const ended = [...draft.state.jobs.values()].filter(hasEnded);
  const surplus = ended.length - draft.context.settings.endedJobsMax;
  if (surplus <= 0) {
    return;
  }
  const oldest = ended.sort((a, b) => a.changedAtMs - b.changedAtMs).slice(0, surplus);
  for (const { spec, lastAttempt } of oldest) {
    const attemptFloor = lastAttempt > draft.state.attemptFloor ? lastAttempt : draft.state.attemptFloor;
    draft.change({ jobs: without(draft.state.jobs, spec.jobId), attemptFloor });
    draft.persist({ kind: 'delete-job', jobId: spec.jobId, attemptFloor });
  }
}

function without<V>(jobs: ReadonlyMap<JobId, V>, jobId: JobId): ReadonlyMap<JobId, V> {
  const next = new Map(jobs);
  next.delete(jobId);
  return next;
}
