import type { HeaderValue, SourceRecord } from '../../index.ts';

/** Where a message came from: the headers that every record and dead letter made of it carries. */
export interface Origin {
  /** `partition:offset:timestampMs` of the input record. */
  readonly src: string;
  /**
   * The message's place among those found in one input record: every member of a batch has it, and every MLLP frame but the
   * first. With `src` it names the message.
   */
  readonly srcIndex: number | undefined;
  /** The input file, below the source's path; undefined for Kafka. */
  readonly file: string | undefined;
  /** The input record's own time (Kafka: its timestamp), epoch milliseconds. */
  readonly receivedMs: number;
}

export function originOf({ position, headers }: SourceRecord): Origin {
  const file = headers['file'];
  return {
    src: `${position.partition}:${position.offset}:${position.timestampMs}`,
    srcIndex: undefined,
    file: typeof file === 'string' ? file : undefined,
    receivedMs: position.timestampMs,
  };
}

/** The same input record, its message number `srcIndex`. */
export function originOfMember(origin: Origin, srcIndex: number): Origin {
  return { src: origin.src, srcIndex, file: origin.file, receivedMs: origin.receivedMs };
}

/** Headers of an output record; `warnings`: codes, separated by commas, empty for none. */
export function originHeaders(origin: Origin, warnings: string): Record<string, HeaderValue> {
  const headers: Record<string, HeaderValue> = { src: origin.src };
  if (origin.srcIndex !== undefined) {
    headers['srcIndex'] = String(origin.srcIndex);
  }
  if (origin.file !== undefined) {
    headers['file'] = origin.file;
  }
  if (warnings !== '') {
    headers['warnings'] = warnings;
  }
  return headers;
}
