import type { QuarantinedFingerprint } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { FailedRecord } from '../../shared/failure/failure.ts';
import type { Quarantine } from '../../shared/functions/quarantine.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { Counter } from '../../shared/metrics/metrics.ts';
import type { OperatorOutput } from './operator-output.ts';
import { placed } from './operator-scope.ts';
import type { OperatorScope } from './operator-scope.ts';
import { fingerprintRecord } from './record-fingerprint.ts';
import type { FingerprintRules, GuardedRecord } from './record-fingerprint.ts';

export interface RecordGuardOptions {
  readonly scope: OperatorScope;
  readonly fingerprint: FingerprintRules;
  /** Undefined: the operator has none. */
  readonly quarantine: GuardedQuarantine | undefined;
}

export interface GuardedQuarantine {
  readonly letterOf: Quarantine<unknown>['letterOf'];
  /** The side output; undefined: nothing reads it, which the graph's validation rules out. */
  readonly output: OperatorOutput | undefined;
  /** Those of this operator, by fingerprint. */
  readonly records: ReadonlyMap<string, QuarantinedFingerprint>;
  readonly count: Counter;
}

/**
 * Stands between an operator and its user's function: names the record on which the function throws, and keeps from it those that
 * are quarantined.
 *
 * G1  While nothing of the operator is quarantined (`isWatching` is false) a record is fingerprinted only when the function has
 *     thrown on it.
 * G2  Else each record is, before the function sees it: a quarantined one leaves no change of state and no output behind. A
 *     function that changes its input before it throws is thus named by what it was given.
 * G3  Only what the function itself throws is put down to a record. A StreamError speaks of what the operator or one behind it
 *     could not do (state, an edge, a sink, a function further down the chain, which has named its own record).
 */
export class RecordGuard {
  readonly isWatching: boolean;
  readonly #options: RecordGuardOptions;
  /** Of the record that the function has now (G2). */
  #current: string | undefined;

  constructor(options: RecordGuardOptions) {
    this.#options = options;
    this.isWatching = (options.quarantine?.records.size ?? 0) > 0;
  }

  /** To be called while `isWatching`, before the function is. True: the record has left, and must not be handed to it. */
  takes(value: unknown, timestampMs: number | undefined, key?: string, input: 0 | 1 = 0): boolean {
    const { quarantine, fingerprint } = this.#options;
    this.#current = fingerprintRecord({ value, timestampMs, key, input }, fingerprint);
    const found = this.#current === undefined ? undefined : quarantine?.records.get(this.#current);
    if (quarantine === undefined || found === undefined) {
      return false;
    }
    const letter = this.#letterOf(quarantine, found, { value, timestampMs, key, input });
    quarantine.count.add();
    quarantine.output?.emit(letter, timestampMs);
    return true;
  }

  /** What is thrown on when the function has thrown on the record. */
  failed(error: unknown, value: unknown, timestampMs: number | undefined, key?: string, input: 0 | 1 = 0): StreamError {
    return error instanceof StreamError
      ? error
      : placed(error, this.#options.scope, this.#nameOf(error, { value, timestampMs, key, input }));
  }

  #nameOf(error: unknown, record: GuardedRecord): FailedRecord | undefined {
    const { scope, fingerprint, quarantine } = this.#options;
    const name = this.isWatching ? this.#current : fingerprintRecord(record, fingerprint);
    return name === undefined
      ? undefined
      : {
          operator: parseOperatorUid(scope.uid),
          fingerprint: name,
          error: error instanceof Error ? error.name : 'a value that is no error',
          hasQuarantine: quarantine !== undefined,
        };
  }

  #letterOf(
    { letterOf }: GuardedQuarantine,
    { error, failures, fingerprint }: QuarantinedFingerprint,
    { value, key, timestampMs }: GuardedRecord,
  ): unknown {
    const { scope } = this.#options;
    try {
      return letterOf({
        record: value,
        key,
        timestamp: timestampMs,
        operator: scope.uid,
        error,
        failures,
        fingerprint,
      });
    } catch (thrown) {
      throw placed(thrown, scope);
    }
  }
}
