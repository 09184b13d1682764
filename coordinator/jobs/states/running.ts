import type { AttemptReport, TaskReport } from '../../../shared/control/messages.ts';
import type { TaskManagerId } from '../../../shared/ids.ts';
import { beginAssignments, onReaderBack, onReaderRequest } from '../assign-splits.ts';
import { areAllFinished } from '../attempt-run.ts';
import type { AttemptRun } from '../attempt-run.ts';
import { discoverDue } from '../discover-splits.ts';
import type { JobContext, JobSend, JobStep } from '../job-events.ts';
import { andThen, unchangedJob } from '../job-events.ts';
import { commonOf } from '../job.ts';
import type { DeployingJob, Job, RunningJob } from '../job.ts';
import { participantsOf } from '../participants.ts';
import { beginScaling } from '../scaling.ts';
import { finishJob } from './finishing.ts';
import { NO_SUSPECTS } from '../../scheduling/suspects.ts';

/**
 * Every subtask was told to start. Readers get their splits; those that are not discovered yet are looked for now, not
 * before. Exits: finishing (every subtask has finished), restarting, failing, cancelling.
 */
export function startRunning(job: DeployingJob, context: JobContext): JobStep {
  const { run, spec, requests } = job;
  const message = { kind: 'start', jobId: spec.jobId, attempt: run.number } as const;
  const send = [...run.live].map((to): JobSend => ({ kind: 'command', to, message }));
  let next: Job = {
    ...commonOf(job, context.wallMs),
    kind: 'running',
    run,
    assignments: new Map(),
    // Its task managers have reached each other.
    suspects: NO_SUSPECTS,
    planned: undefined,
    scaling: beginScaling(context.now),
  };
  const steps = [
    (running: RunningJob): JobStep => beginAssignments(running),
    ...requests.map((request) => (running: RunningJob) => onReaderRequest(running, request)),
    (running: RunningJob): JobStep => discoverDue(running, context),
  ];
  for (const take of steps) {
    if (next.kind === 'running') {
      const step: JobStep = take(next);
      next = step.job;
      send.push(...step.send);
    }
  }
  return { ...unchangedJob(next), send, tell: [{ kind: 'started', participants: participantsOf(spec, run) }] };
}

/** A subtask has reported; `run` holds the report. */
export function onRunningReport(job: RunningJob, run: AttemptRun, report: TaskReport, context: JobContext): JobStep {
  const next: RunningJob = { ...job, run };
  if (report.state !== 'finished') {
    return unchangedJob(next);
  }
  const { vertex, subtask } = report;
  const step = areAllFinished(run) ? finishJob(next, context) : unchangedJob(next);
  return { ...step, tell: [{ kind: 'subtask-finished', subtask: { vertex, subtask } }, ...step.tell] };
}

/**
 * A task manager that lost only its connection is back with all that it ran: its readers are told again what they have not heard,
 * and its checkpoints where things stand.
 */
export function onTaskManagerBack(
  job: RunningJob,
  { from, report }: { readonly from: TaskManagerId; readonly report: AttemptReport },
): JobStep {
  const readers = report.subtasks.filter(({ vertex, state }) => job.sources.has(vertex) && state === 'running');
  const told: JobStep = { ...unchangedJob(job), tell: [{ kind: 'task-manager-back', taskManager: from }] };
  return readers.reduce(
    (step, reader) =>
      andThen(step, (next) => (next.kind === 'running' ? onReaderBack(next, reader) : unchangedJob(next))),
    told,
  );
}
