import { StreamError } from '../../shared/failure/failure.ts';
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

/** The journal was changed by something else. */
export function damaged(path: string, line: number): StreamError {
  return new StreamError({
    code: 'job-store-damaged',
    reaction: 'fail-job',
    message: `the job records in ${path} are damaged at line ${line}`,
    remedy: 'Restore the file from a copy, or move it away and submit the jobs again, from their last savepoints.',
  });
}

/** Of a folder in which nothing can be done. */
export function unusable(folder: string, error: unknown): StreamError {
  return new StreamError(
    {
      code: 'job-store-folder-unusable',
      reaction: 'fail-job',
      message: `the folder of job records ${folder} cannot be used (${codeOf(error)})`,
      remedy: 'Check that this user may write there, and that the disk is not full.',
    },
    { cause: error },
  );
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
