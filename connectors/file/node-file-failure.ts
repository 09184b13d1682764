import { StreamError } from '../../shared/failure/failure.ts';
import type { Reaction } from '../../shared/failure/failure.ts';

interface Cause {
  readonly code: string;
  readonly reaction: Reaction;
  readonly what: string;
  readonly remedy: string;
}

const CAUSES: Readonly<Record<string, Cause>> = {
  ENOENT: {
    code: 'file-not-found',
    reaction: 'fail-job',
    what: 'it does not exist',
    remedy: 'Check the path; on a cluster it must be on storage that every process sees.',
  },
  EACCES: {
    code: 'file-no-access',
    reaction: 'fail-job',
    what: 'access is denied',
    remedy: 'Give the user of this process the right to it.',
  },
  EPERM: {
    code: 'file-no-access',
    reaction: 'fail-job',
    what: 'access is denied',
    remedy: 'Give the user of this process the right to it.',
  },
  EROFS: {
    code: 'file-no-access',
    reaction: 'fail-job',
    what: 'the file system is read-only',
    remedy: 'Choose a path on a writable file system.',
  },
  ENOTDIR: {
    code: 'file-not-a-directory',
    reaction: 'fail-job',
    what: 'a part of the path is a file, not a directory',
    remedy: 'Choose another path.',
  },
  EEXIST: {
    code: 'file-not-a-directory',
    reaction: 'fail-job',
    what: 'a file of that name is in the way',
    remedy: 'Choose another path or move the file away.',
  },
  ENAMETOOLONG: {
    code: 'file-name-too-long',
    reaction: 'fail-job',
    what: 'the name is too long for the file system',
    remedy: 'Choose a shorter path.',
  },
  ENOSPC: {
    code: 'file-disk-full',
    reaction: 'restart-job',
    what: 'the disk is full',
    remedy: 'Free space; the job goes on by itself.',
  },
  EDQUOT: {
    code: 'file-disk-full',
    reaction: 'restart-job',
    what: 'the quota is used up',
    remedy: 'Free space; the job goes on by itself.',
  },
  EMFILE: {
    code: 'file-too-many-open',
    reaction: 'restart-job',
    what: 'too many files are open in this process',
    remedy: 'Raise the limit (ulimit -n) or lower the parallelism.',
  },
};

/** Says what a file operation failed on and what to do. Anything but a Node file system error is passed on as it is. */
export function fileFailure(error: unknown, action: string, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string' || !('syscall' in error)) {
    return error;
  }
  const cause = CAUSES[error.code] ?? {
    code: 'file-io',
    reaction: 'restart-job',
    what: `the system says ${error.code}`,
    remedy: 'Check the disk and the path.',
  };
  return new StreamError(
    {
      code: cause.code,
      reaction: cause.reaction,
      message: `Cannot ${action} "${path}": ${cause.what}.`,
      remedy: cause.remedy,
    },
    { cause: error },
  );
}
