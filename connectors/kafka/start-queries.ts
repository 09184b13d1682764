import { EARLIEST_TIMESTAMP, LATEST_TIMESTAMP } from './list-offsets-request.ts';
import type { StartFrom } from './options.ts';

/** Where one partition begins: an offset that is known, or a question to its leader. */
export type Start =
  { readonly kind: 'offset'; readonly offset: bigint } | { readonly kind: 'timestamp'; readonly timestamp: bigint };

/**
 * `isFirst` false: a partition found later begins at its earliest record whatever the user configured, else records written
 * between its creation and its discovery are lost.
 */
export function chooseStart(startFrom: StartFrom, topic: string, partition: number, isFirst: boolean): Start {
  if (!isFirst || startFrom === 'earliest') {
    return { kind: 'timestamp', timestamp: EARLIEST_TIMESTAMP };
  }
  if (startFrom === 'latest') {
    return { kind: 'timestamp', timestamp: LATEST_TIMESTAMP };
  }
  if ('timestampMs' in startFrom) {
    return { kind: 'timestamp', timestamp: BigInt(startFrom.timestampMs) };
  }
  const offset = startFrom.offsets[`${topic}-${partition}`] ?? startFrom.offsets[String(partition)];
  return offset === undefined
    ? { kind: 'timestamp', timestamp: EARLIEST_TIMESTAMP }
    : { kind: 'offset', offset: BigInt(offset) };
}
