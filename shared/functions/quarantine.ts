import type { OutputTag } from './output-tag.ts';

/**
 * A record on which its operator's function has thrown as often as `execution.quarantine.failures` bears, in one attempt after
 * another. It leaves by a side output instead of being handed to the function, and the job goes on.
 */
export interface QuarantinedRecord<T> {
  readonly record: T;
  /** Of a keyed operator. */
  readonly key: string | undefined;
  /** Event time in epoch milliseconds. */
  readonly timestamp: number | undefined;
  /** The operator's uid. */
  readonly operator: string;
  /** The class of what was thrown last, such as `TypeError`; never its text, which may quote the record. */
  readonly error: string;
  /** How often the function has thrown on it. */
  readonly failures: number;
  /** sha256 in hex of what the record is known by: the same as in the job's failures. */
  readonly fingerprint: string;
}

/** An operator's consent to go on without a record. Made by `quarantineTo`. */
export interface Quarantine<T> {
  /** The id of the side output's tag. */
  readonly output: string;
  readonly letterOf: (quarantined: QuarantinedRecord<T>) => unknown;
  readonly identify: ((record: T) => string | Uint8Array) | undefined;
}

/**
 * For an operator's `quarantine` option: what is quarantined leaves by the side output `tag`, as `letterOf` makes it. The side
 * output must be read. `letterOf` must not throw, whatever the record is like.
 *
 * `identify`: what a record is known by when it is processed again, such as its place in the source. Default: key, timestamp and
 * the bytes that the serializer of the operator's input writes. Two records that are known by the same are quarantined together;
 * one that is known by something else in each attempt (a time of day in it, say) never is.
 */
export function quarantineTo<T, S>(
  tag: OutputTag<S>,
  letterOf: (quarantined: QuarantinedRecord<T>) => S,
  identify?: (record: T) => string | Uint8Array,
): Quarantine<T> {
  return { output: tag.id, letterOf, identify };
}
