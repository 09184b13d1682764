import type { AttemptReport, SubtaskKey } from '../../../shared/control/messages.ts';
import { parseSubtaskIndex } from '../../../shared/ids.ts';
import type { TaskManagerId, VertexId } from '../../../shared/ids.ts';
import { recordFailure } from '../../recovery/failure-history.ts';
import { onReaderRequest, resumeAssignments } from '../assign-splits.ts';
import type { ReaderReport } from '../assign-splits.ts';
import { areAllFinished, withReport } from '../attempt-run.ts';
import type { AttemptRun } from '../attempt-run.ts';
import { discoverDue } from '../discover-splits.ts';
import { andThen, unchangedJob } from '../job-events.ts';
import type { JobContext, JobStep } from '../job-events.ts';
import { commonOf } from '../job.ts';
import type { RecoveringJob, RunningJob } from '../job.ts';
import { parallelismOfVertex } from '../job-spec.ts';
import { findMismatch } from '../match-report.ts';
import { participantsOf } from '../participants.ts';
import { beginScaling } from '../scaling.ts';
import { finishJob } from './finishing.ts';
import { restartJob } from './restarting.ts';

/**
 * Another leader has taken the job over and waits for the task managers of its attempt, which go on meanwhile. If all of them
 * register with all that is recorded, running, the attempt is adopted: nothing of it restarts. Else the job restarts from its
 * last checkpoint. Exits: running, restarting, failing, cancelling.
 *
 * R1  Nothing is adopted before the commits that had begun are finished and marked (its checkpoints say `ready`).
 * R2  Nothing is discovered, and no split is assigned, before every reader has been heard: readers' state is the authority.
 */
export function onAttemptReported(
  job: RecoveringJob,
  { from, report }: { readonly from: TaskManagerId; readonly report: AttemptReport },
  context: JobContext,
): JobStep {
  const mismatch = findMismatch(job, from, report);
  if (mismatch !== undefined) {
    return giveUp(job, `Task manager ${from} ${mismatch}.`, context);
  }
  let run: AttemptRun = { ...job.run, live: new Set(job.run.live).add(from) };
  for (const standing of report.subtasks) {
    const { vertex, subtask, state } = standing;
    const said = { jobId: job.spec.jobId, attempt: run.number, vertex, subtask, state, metrics: [] };
    run = withReport(run, job.spec, from, said) ?? run;
  }
  return adoptIfComplete({ ...job, run, reports: new Map(job.reports).set(from, report) }, context);
}

export function onRecoveringTick(job: RecoveringJob, context: JobContext): JobStep {
  if (context.now < job.giveUpAt) {
    return unchangedJob(job);
  }
  const missing = [...expectedOf(job)].filter((id) => !job.reports.has(id)).join(', ');
  const waited = missing === '' ? 'the commits of its last checkpoint' : `task manager ${missing}`;
  return giveUp(job, `Nothing was heard of ${waited} in ${context.settings.adoptionTimeoutMs} ms.`, context);
}

/** To be called when a task manager has reported, and when the checkpoints are ready. */
export function adoptIfComplete(job: RecoveringJob, context: JobContext): JobStep {
  const isReady = job.checkpoints.machine?.phase === 'open';
  const isComplete = [...expectedOf(job)].every((id) => job.reports.has(id));
  return isReady && isComplete ? adopt(job, context) : unchangedJob(job);
}

/** It belongs to the attempt, and is there without it. */
export function onRegisteredWithout(job: RecoveringJob, from: TaskManagerId, context: JobContext): JobStep {
  return expectedOf(job).has(from)
    ? giveUp(job, `Task manager ${from} does not run it any more.`, context)
    : unchangedJob(job);
}

/** The attempt is not whole any more. */
function giveUp(job: RecoveringJob, why: string, context: JobContext): JobStep {
  const failure = {
    code: 'attempt-not-adopted',
    reaction: 'restart-job',
    message: `After a change of leader the attempt could not go on. ${why}`,
    remedy: 'The job restarts from its last checkpoint by itself.',
  } as const;
  const record = { atMs: context.wallMs, attempt: job.run.number, where: 'adoption', failure };
  return restartJob({ ...job, failures: recordFailure(job.failures, record) }, context.now, context);
}

function expectedOf({ run }: Pick<RecoveringJob, 'run'>): ReadonlySet<TaskManagerId> {
  return new Set(run.places.map(({ taskManager }) => taskManager));
}

function adopt(job: RecoveringJob, context: JobContext): JobStep {
  const { spec, run, requests } = job;
  const common = commonOf(job, context.wallMs);
  const running: RunningJob = {
    ...common,
    kind: 'running',
    run,
    assignments: new Map(),
    planned: undefined,
    scaling: beginScaling(context.now),
  };
  const participants = participantsOf(spec, run);
  const adopted: JobStep = { ...unchangedJob(running), tell: [{ kind: 'adopted', participants }] };
  if (areAllFinished(run)) {
    return andThen(adopted, () => finishJob(running, context));
  }
  const steps = [
    (next: RunningJob): JobStep => resumeAssignments(next, standingsOf(job)),
    ...requestsOf(job, requests).map((request) => (next: RunningJob) => onReaderRequest(next, request)),
    (next: RunningJob): JobStep => discoverDue(next, context),
  ];
  return steps.reduce(
    (done, step) => andThen(done, (next) => (next.kind === 'running' ? step(next) : unchangedJob(next))),
    adopted,
  );
}

/** A request that was made to the former leader may be lost; one for every reader that has not finished does no harm. */
function requestsOf(job: RecoveringJob, requests: readonly SubtaskKey[]): readonly SubtaskKey[] {
  const asked = new Set(requests.map(({ vertex, subtask }) => `${vertex}#${subtask}`));
  const others = [...job.reports.values()].flatMap(({ subtasks }) =>
    subtasks.filter(
      ({ vertex, subtask, state }) =>
        job.sources.has(vertex) && state === 'running' && !asked.has(`${vertex}#${subtask}`),
    ),
  );
  return [...requests, ...others];
}

/** Of each source, by the index of the reader. */
function standingsOf({ spec, reports }: RecoveringJob): ReadonlyMap<VertexId, readonly ReaderReport[]> {
  const all = [...reports.values()].flatMap(({ subtasks }) => subtasks);
  return new Map(
    spec.sources.map(({ vertex }) => {
      const readers = Array.from({ length: parallelismOfVertex(spec, vertex) }, (_, index): ReaderReport => {
        const subtask = parseSubtaskIndex(index);
        const found = all.find((standing) => standing.vertex === vertex && standing.subtask === subtask);
        return found ?? { assignment: 0, splits: [] };
      });
      return [vertex, readers];
    }),
  );
}
