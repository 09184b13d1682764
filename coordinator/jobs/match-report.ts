import type { AttemptReport, SubtaskStanding } from '../../shared/control/messages.ts';
import type { TaskManagerId } from '../../shared/ids.ts';
import { pointerOf } from './job-checkpoints.ts';
import type { RecoveringJob, RunningJob } from './job.ts';

/**
 * Why what a task manager runs of an attempt cannot go on; undefined: it can. It must be exactly what is recorded, all of it
 * running or finished, of the same code, and with no store ahead of the last checkpoint (DESIGN §9).
 */
export function findMismatch(
  job: RecoveringJob | RunningJob,
  from: TaskManagerId,
  report: AttemptReport,
): string | undefined {
  const { spec, run } = job;
  if (report.attempt !== run.number) {
    return `runs attempt ${report.attempt}, not ${run.number}`;
  }
  if (report.phase !== 'running') {
    return `has the attempt in phase ${report.phase}`;
  }
  if (report.fingerprint !== spec.fingerprint || !isSameModule(report.module, spec.module)) {
    return 'runs other code';
  }
  const pointer = pointerOf(job.checkpoints)?.checkpoint ?? job.checkpoints.origin?.checkpoint ?? 0n;
  if ((report.completed ?? 0n) > pointer) {
    return `has heard of checkpoint ${report.completed ?? 0n}, but the last one is ${pointer}`;
  }
  return findOtherSubtasks(job, from, report.subtasks);
}

function findOtherSubtasks(
  { spec, run }: RecoveringJob | RunningJob,
  from: TaskManagerId,
  subtasks: readonly SubtaskStanding[],
): string | undefined {
  const reported = new Map(subtasks.map((standing) => [`${standing.vertex}#${standing.subtask}`, standing]));
  let expected = 0;
  for (const { id, parallelism, firstSlot } of spec.vertices) {
    for (let index = 0; index < parallelism; index += 1) {
      const slot = firstSlot + index;
      if (run.places[slot]?.taskManager === from) {
        expected += 1;
        const standing = reported.get(`${id}#${index}`);
        if (standing?.slot !== slot || !(standing.state === 'running' || standing.state === 'finished')) {
          return `does not run ${id}#${index} (${standing?.state ?? 'absent'})`;
        }
      }
    }
  }
  return expected === subtasks.length ? undefined : 'runs subtasks that are not its own';
}

function isSameModule(a: AttemptReport['module'], b: AttemptReport['module']): boolean {
  return a.kind === 'artifact' ? b.kind === 'artifact' && a.hash === b.hash : b.kind === 'path' && a.path === b.path;
}
