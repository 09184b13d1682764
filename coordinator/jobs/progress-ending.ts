import { unreachable } from '../../shared/invariant.ts';
import type { JobContext, JobStep } from './job-events.ts';
import type { EndingJob } from './job.ts';
import { cancelIfEnded } from './states/cancelling.ts';
import { failIfEnded } from './states/failing.ts';
import { finishIfEnded } from './states/finishing.ts';
import { resumeIfEnded } from './states/restarting.ts';

/** To be called whenever something that the end of an attempt waits for may have changed. */
export function progressEnding(job: EndingJob, context: JobContext): JobStep {
  switch (job.kind) {
    case 'restarting':
      return resumeIfEnded(job, context);
    case 'cancelling':
      return cancelIfEnded(job, context);
    case 'failing':
      return failIfEnded(job, context);
    case 'finishing':
      return finishIfEnded(job, context);
    default:
      return unreachable(job);
  }
}
