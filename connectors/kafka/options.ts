import type { OutputRecord, SourceRecord } from '../../shared/connector/records.ts';

/** What users write to describe a Kafka source or sink, and the same with every default filled in. */

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
export type Isolation = 'read_committed' | 'read_uncommitted';

/**
 * Where reading begins, resolved once, at the first discovery. `offsets` names partitions as `topic-partition`, or by their
 * number alone where the source has one topic; partitions it does not name begin at their earliest record.
 */
export type StartFrom =
  | 'earliest'
  | 'latest'
  | { readonly timestampMs: number }
  | { readonly offsets: Readonly<Record<string, number | bigint>> };

/**
 * `exactly-once`: transactions, committed with the job's checkpoints; readers must read committed. Needs Kafka 3.0 or newer.
 * `at-least-once`: a checkpoint waits until all in-sync replicas have everything; no duplicates from the writer's own retries.
 * `none`: checkpoints do not wait; what is on its way when a task manager dies is lost.
 */
export type Guarantee = 'exactly-once' | 'at-least-once' | 'none';

/** How to log in and encrypt. What is absent here is taken from the process's settings (see `kafka-security.ts`). */
export interface KafkaSecurity {
  readonly tls?: {
    /** Paths of PEM files, read where the connector runs. */
    readonly caPath?: string;
    readonly certPath?: string;
    readonly keyPath?: string;
    /** The name the broker's certificate must carry, when it is not the host's. */
    readonly serverName?: string;
  };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    /** Better left to the setting `kafka.sasl.password`: a job's artifact is stored. */
    readonly password?: string;
  };
}

export interface FetchOptions {
  /** Most bytes of one answer of a broker (default 4 MiB). A larger record still arrives, alone. */
  readonly maxBytes?: number;
  /** How long a broker may hold a request when it has nothing new, in milliseconds (default 500). */
  readonly maxWaitMs?: number;
  /** Fetched and not yet processed bytes, per reader; fetching stops above (default 16 MiB). */
  readonly bufferBytes?: number;
}

export interface KafkaSourceOptions {
  /** Exactly one of the three. */
  readonly topic?: string;
  readonly topics?: readonly string[];
  /** Every topic whose whole name matches; looked for again at each discovery. */
  readonly topicPattern?: RegExp | string;
  /** `host:port`, several as a list or separated by commas. Default: the setting `kafka.bootstrap.servers`. */
  readonly brokers?: string | readonly string[];
  /** Default `earliest`. */
  readonly startFrom?: StartFrom;
  /**
   * Stop at the high watermarks found at the first discovery; transactions that are open then are waited for when only committed
   * records are read. Default false.
   */
  readonly bounded?: boolean;
  /** How often to look for new partitions, in milliseconds (default 300,000); 0: never again. */
  readonly discoveryIntervalMs?: number;
  /** A larger record is handed over by reference (see `SourceRecord.oversizeBytes`). Default 20,000,000. */
  readonly maxRecordBytes?: number;
  /** Default `read_committed`. */
  readonly isolation?: Isolation;
  /**
   * A consumer group under which the offsets of completed checkpoints are shown to tools that watch the lag. The job itself never
   * reads them, and no consumer may join the group.
   */
  readonly groupId?: string;
  /** What a throw of `deserialize` does: end the attempt, or drop the record and count it. Default `fail`. */
  readonly onDeserializeError?: 'fail' | 'skip';
  readonly security?: KafkaSecurity;
  readonly fetch?: FetchOptions;
}

export interface DeserializingSourceOptions<T> extends KafkaSourceOptions {
  /** Must not keep views of the record for long: they hold the whole answer of the broker in memory. */
  readonly deserialize: (record: SourceRecord) => T;
}

export interface KafkaSinkOptions {
  readonly brokers?: string | readonly string[];
  /** Topics that must exist when the job starts; a record may name others. */
  readonly topics?: readonly string[];
  /** Default `at-least-once`. */
  readonly guarantee?: Guarantee;
  /**
   * Exactly once: how long brokers keep a transaction open, in milliseconds (default 900,000, the largest that brokers allow with
   * default settings). After a longer outage of the job what it had prepared is lost; `nerve submit` checks that it is enough.
   */
  readonly transactionTimeoutMs?: number;
  readonly compression?: Compression;
  /** Size at which a partition's batch is sent, before compression (default 512 KiB; Kafka's own limit is 1 MiB). */
  readonly maxBatchBytes?: number;
  /** How long an unfilled batch waits for more records, in milliseconds (default 5). */
  readonly lingerMs?: number;
  /** Written and not yet acknowledged bytes, per writer; above, the writer is not writable (default 32 MiB). */
  readonly maxInFlightBytes?: number;
  /** A larger record fails the job before it is sent (default 20,000,000). */
  readonly maxRecordBytes?: number;
  /** How long a batch is retried before the attempt fails, in milliseconds (default 120,000). */
  readonly deliveryTimeoutMs?: number;
  readonly security?: KafkaSecurity;
}

export interface SerializingSinkOptions<T> extends KafkaSinkOptions {
  readonly serialize: (value: T) => OutputRecord;
}

/** Checked options of a source. `kind` lets the process recognise them: the job's bundle has its own copy of this code. */
export interface CheckedSource {
  readonly kind: 'kafka-source';
  readonly topics: readonly string[];
  readonly topicPattern: string | undefined;
  readonly brokers: readonly string[] | undefined;
  readonly startFrom: StartFrom;
  readonly bounded: boolean;
  readonly discoveryIntervalMs: number;
  readonly maxRecordBytes: number;
  readonly isolation: Isolation;
  readonly groupId: string | undefined;
  readonly onDeserializeError: 'fail' | 'skip';
  readonly security: KafkaSecurity;
  readonly fetchMaxBytes: number;
  readonly fetchMaxWaitMs: number;
  readonly bufferBytes: number;
  readonly deserialize: ((record: SourceRecord) => unknown) | undefined;
}

export interface CheckedSink {
  readonly kind: 'kafka-sink';
  readonly topics: readonly string[];
  readonly brokers: readonly string[] | undefined;
  readonly guarantee: Guarantee;
  readonly transactionTimeoutMs: number;
  readonly compression: Compression;
  readonly maxBatchBytes: number;
  readonly lingerMs: number;
  readonly maxInFlightBytes: number;
  readonly maxRecordBytes: number;
  readonly deliveryTimeoutMs: number;
  readonly security: KafkaSecurity;
}

export const MEBIBYTE = 1_048_576;
/** The project's message limit (DESIGN §4). */
const RECORD_BYTES_MAX = 20_000_000;

/** Fills in the defaults. Says nothing of problems: that is `sourceProblems`. */
export function checkedSource(options: KafkaSourceOptions, deserialize: CheckedSource['deserialize']): CheckedSource {
  const { topicPattern, fetch } = options;
  return {
    kind: 'kafka-source',
    topics: options.topics ?? (options.topic === undefined ? [] : [options.topic]),
    topicPattern: topicPattern === undefined ? undefined : patternText(topicPattern),
    brokers: brokerList(options.brokers),
    startFrom: options.startFrom ?? 'earliest',
    bounded: options.bounded ?? false,
    discoveryIntervalMs: options.discoveryIntervalMs ?? 300_000,
    maxRecordBytes: options.maxRecordBytes ?? RECORD_BYTES_MAX,
    isolation: options.isolation ?? 'read_committed',
    groupId: options.groupId,
    onDeserializeError: options.onDeserializeError ?? 'fail',
    security: options.security ?? {},
    fetchMaxBytes: fetch?.maxBytes ?? 4 * MEBIBYTE,
    fetchMaxWaitMs: fetch?.maxWaitMs ?? 500,
    bufferBytes: fetch?.bufferBytes ?? 16 * MEBIBYTE,
    deserialize,
  };
}

export function checkedSink(options: KafkaSinkOptions): CheckedSink {
  return {
    kind: 'kafka-sink',
    topics: options.topics ?? [],
    brokers: brokerList(options.brokers),
    guarantee: options.guarantee ?? 'at-least-once',
    transactionTimeoutMs: options.transactionTimeoutMs ?? 900_000,
    compression: options.compression ?? 'none',
    maxBatchBytes: options.maxBatchBytes ?? MEBIBYTE / 2,
    lingerMs: options.lingerMs ?? 5,
    maxInFlightBytes: options.maxInFlightBytes ?? 32 * MEBIBYTE,
    maxRecordBytes: options.maxRecordBytes ?? RECORD_BYTES_MAX,
    deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
    security: options.security ?? {},
  };
}

/** A pattern as text: a RegExp by its source (its flags do not count). */
function patternText(pattern: RegExp | string): string {
  return typeof pattern === 'string' ? pattern : pattern.source;
}

/** `a:1, b:2` or a list; undefined when absent. */
export function brokerList(brokers: string | readonly string[] | undefined): readonly string[] | undefined {
  if (brokers === undefined) {
    return undefined;
  }
  const items = typeof brokers === 'string' ? brokers.split(',') : brokers;
  return items.map((item) => item.trim()).filter((item) => item !== '');
}
