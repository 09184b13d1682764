import type { Failure } from '../../shared/failure/failure.ts';

/** The process is ending: what was sent may still land. */
export const JOB_STORE_ABORTED: Failure = {
  code: 'job-store-aborted',
  reaction: 'retry',
  message: 'the coordinator is ending: a write of job records was not waited for',
};

export function jobStoreTimeout(where: string, deadlineMs: number): Failure {
  return {
    code: 'job-store-timeout',
    reaction: 'retry',
    message: `the job records in ${where} gave no answer within ${deadlineMs} ms`,
    remedy: 'Check that it is up and not overloaded; tasks go on meanwhile, checkpoints wait.',
  };
}
