import type { EpochMs } from '../../shared/clock/clock.ts';
import type { QuarantinedFingerprint } from '../../shared/control/messages.ts';
import type { FailedRecord } from '../../shared/failure/failure.ts';

/**
 * Records on which user functions have thrown: which of them a job does without.
 *
 * Q1  A record is known by its operator and its fingerprint, and counts once for each attempt that it has ended: of an attempt's
 *     failures only the first is counted, the others belong to the same burst.
 * Q2  Only records of operators that have a quarantine are counted, and nothing takes a quarantined one back: a function is
 *     changed by submitting the job anew, which begins with an empty list.
 * Q3  Both lists have a bound. Past that of suspects the one that failed longest ago is forgotten; past that of the quarantined the
 *     job fails: so many are no bad records any more but a bad function, and the list is stored and deployed with every attempt.
 * Q4  All of it is part of the job's record: a new leader goes on counting.
 */
export interface Quarantine {
  /** The one that failed last stands last. */
  readonly suspects: readonly SuspectRecord[];
  /** In the order in which they were quarantined. */
  readonly quarantined: readonly QuarantinedFingerprint[];
}

export interface SuspectRecord extends QuarantinedFingerprint {
  readonly lastAtMs: EpochMs;
}

export const NOTHING_QUARANTINED: Quarantine = { suspects: [], quarantined: [] };

/** Subtasks that fail in turn, each on a record of its own. */
const SUSPECTS_MAX = 64;
/** Two hundred bytes each. */
export const QUARANTINED_MAX = 1_000;
/**
 * Failures further apart are no series: the same bytes may come again for years, and fail now and then for another reason. Much
 * longer than the longest delay of a restart and the way to the record.
 */
const SUSPECT_FORGOTTEN_MS = 24 * 3_600_000;

export type RecordCount =
  /** It has no quarantine, or has not failed often enough. */
  | { readonly kind: 'borne'; readonly quarantine: Quarantine }
  | { readonly kind: 'quarantined'; readonly quarantine: Quarantine; readonly record: QuarantinedFingerprint }
  /** It would be one too many. */
  | { readonly kind: 'full' };

/** One more attempt has failed on the record. `failuresMax`: with so many it is quarantined. */
export function countFailedRecord(
  quarantine: Quarantine,
  failed: FailedRecord,
  { failuresMax, nowMs }: { readonly failuresMax: number; readonly nowMs: EpochMs },
): RecordCount {
  if (!failed.hasQuarantine) {
    return { kind: 'borne', quarantine };
  }
  const recent = quarantine.suspects.filter(({ lastAtMs }) => nowMs - lastAtMs < SUSPECT_FORGOTTEN_MS);
  const before = recent.find((suspect) => isSame(suspect, failed));
  const others = recent.filter((suspect) => suspect !== before);
  const { operator, fingerprint, error } = failed;
  const record = { operator, fingerprint, error, failures: (before?.failures ?? 0) + 1 };
  if (record.failures < failuresMax) {
    const suspects = [...others, { ...record, lastAtMs: nowMs }].slice(-SUSPECTS_MAX);
    return { kind: 'borne', quarantine: { ...quarantine, suspects } };
  }
  if (quarantine.quarantined.length >= QUARANTINED_MAX) {
    return { kind: 'full' };
  }
  return {
    kind: 'quarantined',
    quarantine: { suspects: others, quarantined: [...quarantine.quarantined, record] },
    record,
  };
}

function isSame(a: Pick<FailedRecord, 'operator' | 'fingerprint'>, b: typeof a): boolean {
  return a.operator === b.operator && a.fingerprint === b.fingerprint;
}
