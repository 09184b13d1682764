import type { JobId } from '../../shared/ids.ts';
import { NOTHING_STORED, storedCheckpoints } from '../jobs/job-checkpoints.ts';
import type { UsedNumbers } from '../jobs/job-events.ts';
import { createJob } from '../jobs/states/created.ts';
import type { JobBeginning } from '../jobs/states/created.ts';
import { hasEnded } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';
import { sourcesIn } from '../jobs/sources-in.ts';
import type { KernelDraft } from './kernel-draft.ts';
import type { JobOrigin, KernelEvent } from './kernel-events.ts';

/** Takes a new job in. Its id may be that of a job that has ended, whose numbers then go on (job.ts I2). */
export function submitJob(
  draft: KernelDraft,
  { request, spec, origin }: Extract<KernelEvent, { kind: 'submit' }>,
): void {
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
  draft.applyJob(createJob(spec, beginningOf(older, draft.state.floor, origin), draft.context.wallMs));
  draft.send({ kind: 'answer', request, answer: { kind: 'accepted', jobId: spec.jobId } });
  draft.send({ kind: 'raise', event: { kind: 'stored', jobId: spec.jobId } });
}

function beginningOf(older: Job | undefined, floor: UsedNumbers, origin: JobOrigin | undefined): JobBeginning {
  const ids = older === undefined ? undefined : storedCheckpoints(older.checkpoints);
  const used = ids?.reservedTo ?? floor.checkpoint;
  const restored = origin?.restore.checkpoint ?? 0n;
  return {
    lastAttempt: older?.lastAttempt ?? floor.attempt,
    // Behind its origin's too: a local store tells by the id which checkpoint is the later one.
    stored: {
      ...NOTHING_STORED,
      reservedTo: restored > used ? restored : used,
      revisions: { ...NOTHING_STORED.revisions, ids: ids?.revisions.ids ?? 0n },
    },
    origin: origin?.restore,
    sources: origin === undefined ? new Map() : sourcesIn(origin.metadata),
  };
}

/** Forgets the oldest of the ended jobs when there are more than are kept. */
export function forgetEndedJobs(draft: KernelDraft): void {
  // One whose savepoint is being copied has somebody who waits for the answer.
  const ended = [...draft.state.jobs.values()].filter((job) => hasEnded(job) && job.checkpoints.machine === undefined);
  const surplus = ended.length - draft.context.settings.endedJobsMax;
  if (surplus <= 0) {
    return;
  }
  const oldest = ended.sort((a, b) => a.changedAtMs - b.changedAtMs).slice(0, surplus);
  for (const job of oldest) {
    const { jobId } = job.spec;
    const floor = floorOf(draft.state.floor, job);
    draft.change({ jobs: without(draft.state.jobs, jobId), floor });
    draft.persist({ kind: 'delete-job', jobId, floor });
  }
}

function floorOf({ attempt, checkpoint }: UsedNumbers, { lastAttempt, checkpoints }: Job): UsedNumbers {
  const { reservedTo } = storedCheckpoints(checkpoints);
  return {
    attempt: lastAttempt > attempt ? lastAttempt : attempt,
    checkpoint: reservedTo > checkpoint ? reservedTo : checkpoint,
  };
}

function without<V>(jobs: ReadonlyMap<JobId, V>, jobId: JobId): ReadonlyMap<JobId, V> {
  const next = new Map(jobs);
  next.delete(jobId);
  return next;
}
