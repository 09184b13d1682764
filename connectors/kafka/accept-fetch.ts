import { StreamError } from '../../shared/failure/failure.ts';
import { brokerRefusal, offsetOutOfRange } from './broker-failures.ts';
import { isTransient, OFFSET_OUT_OF_RANGE } from './error-codes.ts';
import type { FetchedPartition } from './fetch-request.ts';
import type { FetchedSplit } from './fetched-splits.ts';
import type { RecordSet } from './record-batch-decode.ts';
import { offsetBehind } from './record-batch-decode.ts';
import { endOfRetries } from './silence.ts';

/**
 * Takes over what a broker answered about a split: moves its offset, or makes it lost when the broker cannot serve it now.
 * Returns what was fetched. Throws a StreamError for a refusal that no retry cures, or that was retried for too long.
 */
export function acceptFetched(
  split: FetchedSplit,
  fetched: FetchedPartition,
  nowMs: number,
  brokers: readonly string[],
): RecordSet | undefined {
  const { id, topic, partition, fetchOffset } = split;
  if (fetched.errorCode !== 0) {
    onRefused(split, fetched.errorCode, nowMs, brokers);
    return undefined;
  }
  split.endOffset = fetched.endOffset;
  split.silence.onAnswer();
  const next = offsetBehind(fetched.records, fetchOffset);
  if (next === fetchOffset) {
    return undefined;
  }
  split.fetchOffset = next;
  return { split: id, topic, partition, fetchOffset, records: fetched.records, aborted: fetched.aborted };
}

function onRefused(split: FetchedSplit, errorCode: number, nowMs: number, brokers: readonly string[]): void {
  const { topic, partition, fetchOffset } = split;
  if (errorCode === OFFSET_OUT_OF_RANGE) {
    throw new StreamError(offsetOutOfRange(topic, partition, fetchOffset));
  }
  const refusal = brokerRefusal(errorCode, `Reading partition ${partition} of`, topic, brokers);
  const end = endOfRetries([split], isTransient(errorCode) ? { ...refusal, reaction: 'retry' } : refusal, nowMs);
  if (end !== undefined) {
    throw new StreamError(end);
  }
  split.nodeId = undefined;
}
