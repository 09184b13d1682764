import { status } from '@grpc/grpc-js';

/** INTERNAL for every other. */
const CODES_BY_STATUS: ReadonlyMap<status, readonly string[]> = new Map([
  [status.NOT_FOUND, ['no-such-job']],
  [
    status.FAILED_PRECONDITION,
    [
      'job-exists',
      'no-checkpoint',
      'too-few-slots',
      'savepoint-incompatible',
      'snapshot-metadata-missing',
      'snapshot-metadata-malformed',
      'snapshot-object-missing',
      'snapshot-object-corrupt',
    ],
  ],
  [status.UNAVAILABLE, ['coordinator-stopping', 'coordinator-fenced']],
  [
    status.ABORTED,
    [
      'savepoint-failed',
      'sink-not-checked',
      'snapshot-key-taken',
      'snapshot-store-ambiguous',
      'snapshot-store-unavailable',
      'snapshot-store-refused',
    ],
  ],
  [
    status.INVALID_ARGUMENT,
    [
      'invalid-request',
      'snapshot-location-invalid',
      'snapshot-directory-unusable',
      'job-invalid',
      'job-graph-invalid',
      'job-build-failed',
      'job-module-invalid',
      'job-module-failed',
      'job-module-not-found',
    ],
  ],
  [status.RESOURCE_EXHAUSTED, ['artifact-not-stored']],
] as const);

/** The status with which a failure's code goes over the wire. */
export function statusOf(code: string): status {
  for (const [found, codes] of CODES_BY_STATUS) {
    if (codes.includes(code)) {
      return found;
    }
  }
  return status.INTERNAL;
}
