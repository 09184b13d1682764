import type { OperatorUid } from '../ids.ts';

/**
 * A failure says what its handler must do, not where it came from.
 *
 *   retry         transient: bounded backoff, then escalate to restart-job
 *   restart-job   this attempt of the job is over; a new attempt may succeed
 *   fail-job      retrying cannot help (configuration, incompatible state, a lost transaction)
 *   stop-quietly  fenced: someone newer owns this; log at info, stop
 *
 * Bad data is not a failure: it is a value and goes to the dead letter. An abort is not a failure either.
 */
export type Reaction = 'retry' | 'restart-job' | 'fail-job' | 'stop-quietly';

export interface Failure {
  /** A stable code in kebab-case: `kafka-unknown-topic`. Listed in docs/OPERATIONS.md. */
  readonly code: string;
  readonly reaction: Reaction;
  /** One sentence: what went wrong, and where. Never patient data, never a record's content. */
  readonly message: string;
  /** One sentence: what the reader can do about it. */
  readonly remedy?: string;
  /** The record on which a user's function threw. */
  readonly record?: FailedRecord;
}

/** By what a record that made a function throw is found again; nothing of the record itself. */
export interface FailedRecord {
  readonly operator: OperatorUid;
  /** sha256 in hex of what the operator's quarantine, or else its input's serializer, makes of the record. */
  readonly fingerprint: string;
  /** The class of what was thrown. */
  readonly error: string;
  /** The operator goes on without records on which it has thrown often enough. */
  readonly hasQuarantine: boolean;
}

/** The only error this project throws on purpose (besides `invariant`). */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly failure: Failure;

  constructor(failure: Failure, options?: { readonly cause?: unknown }) {
    super(failure.message, options);
    this.failure = failure;
  }
}

/** True for the errors that an `AbortSignal` causes: an abort is an order that was followed. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}

/**
 * Turns whatever was thrown into a `Failure`. An unknown error costs the attempt, not the cluster: `restart-job`.
 * The text of a foreign error may quote data, so only its class and its code are kept, unless `trusted` says that its
 * message was written by a client library and holds no record.
 */
export function classifyUnknown(error: unknown, where: string, trusted = false): Failure {
  if (error instanceof StreamError) {
    return error.failure;
  }
  if (!(error instanceof Error)) {
    return { code: 'unknown-error', reaction: 'restart-job', message: `${where}: a value that is no error was thrown` };
  }
  const code = errorCode(error);
  const what = `${error.name}${code === undefined ? '' : ` (${code})`}`;
  const ours = trusted || error.name === 'InvariantViolation';
  return {
    code: 'unknown-error',
    reaction: 'restart-job',
    message: ours ? `${where}: ${what}: ${error.message}` : `${where}: ${what}${firstFrame(error)}`,
  };
}

/** For people: message, remedy and code. One line, unless the message itself has several. */
export function formatFailure(failure: Failure): string {
  return `${formatSentences(failure)} [${failure.code}]`;
}

/** Message and remedy, without the code. */
export function formatSentences({ message, remedy }: Failure): string {
  if (remedy === undefined) {
    return message;
  }
  // A list of problems stands by itself.
  return message.includes('\n') ? `${message}\n${remedy}` : `${message}${/[.!?]$/.test(message) ? '' : '.'} ${remedy}`;
}

function errorCode(error: Error): string | undefined {
  if (!('code' in error)) {
    return undefined;
  }
  return typeof error.code === 'string' || typeof error.code === 'number' ? String(error.code) : undefined;
}

/** Where it was thrown: file and line hold no data, the message may. */
function firstFrame(error: Error): string {
  const frame = error.stack?.split('\n').find((line) => line.trimStart().startsWith('at '));
  return frame === undefined ? '' : ` ${frame.trim()}`;
}
