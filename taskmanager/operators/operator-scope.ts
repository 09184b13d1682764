import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import type { FailedRecord } from '../../shared/failure/failure.ts';
import type { AttemptKey, SubtaskKey } from '../../shared/control/messages.ts';
import type { Counter } from '../../shared/metrics/metrics.ts';

/** Where an operator runs, for errors and metrics. */
export interface OperatorScope extends AttemptKey, SubtaskKey {
  readonly jobName: string;
  readonly uid: string;
  readonly parallelism: number;
}

export const USER_FUNCTION_FAILED = 'user-function-failed';

/**
 * What is thrown on when a user's function (or a writer) threw. An error that names its place already, from further down the
 * chain or from a connector, goes on as it is. `record`: the one on which the function threw.
 */
export function placed(error: unknown, scope: OperatorScope, record?: FailedRecord): StreamError {
  if (error instanceof StreamError) {
    return error;
  }
  const { reaction, message } = classifyUnknown(error, nameOf(scope));
  const remedy = 'A record that is bad should leave by a side output.';
  const failure = { code: USER_FUNCTION_FAILED, reaction, message, remedy };
  return new StreamError(
    record === undefined
      ? failure
      : { ...failure, message: `${message}, on the record with fingerprint ${record.fingerprint}`, record },
    { cause: error },
  );
}

/** `job pipeline, operator parse, subtask 2 of 4` */
export function nameOf({ jobName, uid, subtask, parallelism }: OperatorScope): string {
  return `job ${jobName}, operator ${uid}, subtask ${subtask} of ${parallelism}`;
}

/** A count in the hot path: a plain field, handed to the registry when somebody looks. */
export class HotCount {
  value = 0;
  #published = 0;
  readonly #counter: Counter;

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  publish(): void {
    this.#counter.add(this.value - this.#published);
    this.#published = this.value;
  }
}
