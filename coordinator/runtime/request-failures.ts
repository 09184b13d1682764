/** What is answered to requests that the kernel has not answered. */

export const STOPPING = {
  code: 'coordinator-stopping',
  reaction: 'retry',
  message: 'The coordinator is stopping.',
  remedy: 'The next one knows whether what was asked has come about: see "nerve list" before you ask again.',
} as const;

export const GIVEN_UP = {
  code: 'savepoint-failed',
  reaction: 'retry',
  message: 'The caller did not wait for the savepoint; it may still be completed.',
} as const;

export const NOT_WAITED = {
  code: 'redeployment-failed',
  reaction: 'retry',
  message: 'The caller did not wait for the redeployment; it may still come about.',
} as const;
