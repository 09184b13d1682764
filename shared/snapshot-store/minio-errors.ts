import { S3Error } from 'minio';
import type { Failure } from '../failure/failure.ts';
import { isAbort } from '../failure/failure.ts';

/**
 * What an error of the minio client means for the operation that met it.
 *   absent, taken   the server's definite answer
 *   not-sent        the server was never reached: nothing happened, try again
 *   unknown         the request may have been carried out (a lost answer, a 5xx): ambiguous for writes, try again
 *   definite        the server refused (credentials, bucket): trying again cannot help
 */
export type MinioProblem =
  | { readonly kind: 'absent' }
  | { readonly kind: 'taken' }
  | { readonly kind: 'not-sent'; readonly failure: Failure }
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | { readonly kind: 'definite'; readonly failure: Failure };

const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
const ABSENT = new Set(['NoSuchKey', 'NotFound']);
/** `ConditionalRequestConflict`: another put of the key is under way; which of the two wins is not decided yet. */
const TRANSIENT = new Set([
  'InternalError',
  'ServiceUnavailable',
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'RequestTimeout',
  'OperationAborted',
  'ConditionalRequestConflict',
  'XMinioServerNotInitialized',
  'XMinioStorageResourceInsufficient',
  'UnknownError',
]);

export function classifyMinioError(error: unknown, where: string): MinioProblem {
  const code = codeOf(error);
  if (error instanceof S3Error) {
    return classifyAnswer(code, where);
  }
  const failure: Failure = {
    code: 'snapshot-store-unavailable',
    reaction: 'retry',
    message: `${where}: the object store did not answer (${isAbort(error) ? 'deadline' : (code ?? describe(error))})`,
    remedy: 'Check that the object store is running and reachable under s3.endpoint.',
  };
  return { kind: code !== undefined && NOT_SENT.has(code) ? 'not-sent' : 'unknown', failure };
}

function classifyAnswer(code: string | undefined, where: string): MinioProblem {
  if (code === 'PreconditionFailed') {
    return { kind: 'taken' };
  }
  if (code !== undefined && ABSENT.has(code)) {
    return { kind: 'absent' };
  }
  if (code === undefined || TRANSIENT.has(code) || /^5\d\d$/.test(code)) {
    const message = `${where}: the object store answered ${code ?? 'an error without a code'}`;
    return { kind: 'unknown', failure: { code: 'snapshot-store-unavailable', reaction: 'retry', message } };
  }
  return {
    kind: 'definite',
    failure: {
      code: 'snapshot-store-refused',
      reaction: 'fail-job',
      message: `${where}: the object store refused with ${code}`,
      remedy: 'Check the bucket, the credentials (s3.access-key, s3.secret-key) and the policy of their user.',
    },
  };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Messages of the client library hold no record, only hosts, ports and statuses. */
function describe(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'unknown error';
}
