import type { SplitId } from '../ids.ts';

export type HeaderValue = string | Buffer;

/** Where a record came from: enough to find it again, and to tell it from every other record of its source. */
export interface SourcePosition {
  readonly split: SplitId;
  /** Kafka: the partition. Files: the file's place in name order. Generator: the split's number. */
  readonly partition: number;
  /** Kafka: the offset. Files: the record's index in its file. Generator: the sequence number. */
  readonly offset: bigint;
  /** Kafka: the record's timestamp. Files: the time it was read. Epoch milliseconds. */
  readonly timestampMs: number;
}

/** What every source of this project yields when no `deserialize` is given. */
export interface SourceRecord {
  readonly key: Buffer | undefined;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly position: SourcePosition;
  /**
   * Set when the record was larger than the source's `maxRecordBytes`: `value` is empty then, and this is its size in bytes.
   * The record goes on, so that a job can dead-letter it by reference; a reader never fails on it.
   */
  readonly oversizeBytes?: number;
}

/** What every sink of this project takes: a record for a topic (a file sink has one folder per topic). */
export interface OutputRecord {
  readonly topic: string;
  readonly key: string | undefined;
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  /** Epoch milliseconds; the time of writing when absent. */
  readonly timestampMs?: number;
}
