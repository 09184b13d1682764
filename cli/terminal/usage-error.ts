import { StreamError } from '../../shared/failure/failure.ts';

/** The command line is wrong: nothing was started, exit code 2. */
export function usage(message: string, remedy: string): StreamError {
  return new StreamError({ code: 'invalid-request', reaction: 'fail-job', message, remedy });
}

/** A whole number from 1 that an option gives; `otherwise` when it is absent. @throws StreamError `invalid-request` */
export function parseCount(flag: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) {
    return otherwise;
  }
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1) {
    throw usage(`${flag} must be a whole number from 1, got "${text}".`, `Example: ${flag} 4`);
  }
  return value;
}
