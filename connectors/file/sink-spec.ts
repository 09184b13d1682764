import type { OutputRecord } from '../../shared/connector/records.ts';
import type { SinkSpec } from '../../shared/connector/sink.ts';

/**
 * How a record's value stands in its line.
 *   json    the value is JSON already: it stands in the line as an object (or whatever it is)
 *   utf8    as a JSON string
 *   base64  as a JSON string in base64: the bytes unchanged
 */
export type ValueEncoding = 'json' | 'utf8' | 'base64';

export interface FileSinkOptions {
  /** The directory that gets one folder per topic. Made when it does not exist. */
  readonly path: string;
  /** Decides per record; the default looks at the value: JSON text → `json`, valid UTF-8 → `utf8`, else `base64`. */
  readonly encoding?: (record: OutputRecord) => ValueEncoding;
  /** Bytes buffered before the sink holds its producers back. Default 8 MB. */
  readonly maxBufferedBytes?: number;
}

export interface SerializingFileSinkOptions<T> extends FileSinkOptions {
  readonly serialize: (value: T) => OutputRecord;
}

/** The options after defaults, as both halves of the connector read them. */
export interface ResolvedFileSink {
  readonly kind: 'file-sink';
  readonly path: string;
  readonly encoding: ((record: OutputRecord) => ValueEncoding) | undefined;
  readonly maxBufferedBytes: number;
  serialize(value: unknown): OutputRecord;
}

const BUFFERED_BYTES_MAX = 8 * 1024 * 1024;

/**
 * Writes `PATH/<topic>/part-….jsonl`, one JSON line per record: `{"topic","key","headers","encoding","value"}` (README.md).
 * A part is written under a hidden name and gets its own when its checkpoint is committed: exactly once, always.
 */
export function fileSink<T>(options: SerializingFileSinkOptions<T>): SinkSpec<T>;
export function fileSink(options: FileSinkOptions): SinkSpec<OutputRecord>;
export function fileSink(options: FileSinkOptions & { serialize?(value: unknown): OutputRecord }): SinkSpec<unknown> {
  const resolved: ResolvedFileSink = {
    kind: 'file-sink',
    path: options.path,
    encoding: options.encoding,
    maxBufferedBytes: options.maxBufferedBytes ?? BUFFERED_BYTES_MAX,
    serialize: (value) => options.serialize?.(value) ?? toOutputRecord(value),
  };
  return {
    kind: 'sink',
    connector: 'file',
    options: resolved,
    problems: problemsOf(resolved),
    summary: `path=${resolved.path}`,
  };
}

/** Recognises the options of a `fileSink`: they may come from a bundled job, so that only their shape can be checked. */
export function isFileSink(options: unknown): options is ResolvedFileSink {
  return typeof options === 'object' && options !== null && 'kind' in options && options.kind === 'file-sink';
}

/** A topic names a folder: letters, digits, dots, underscores, hyphens, not beginning with a dot (Kafka's rule, and a bit). */
export function isTopicFolder(topic: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,248}$/.test(topic);
}

function toOutputRecord(value: unknown): OutputRecord {
  if (!isOutputRecord(value)) {
    throw new TypeError('fileSink got a value that is no OutputRecord: give it a `serialize` option');
  }
  return value;
}

function isOutputRecord(value: unknown): value is OutputRecord {
  return typeof value === 'object' && value !== null && 'topic' in value && 'value' in value && 'headers' in value;
}

function problemsOf(resolved: ResolvedFileSink): readonly string[] {
  const problems: string[] = [];
  if (resolved.path.trim() === '') {
    problems.push('fileSink: path is empty; name a directory');
  }
  if (!Number.isInteger(resolved.maxBufferedBytes) || resolved.maxBufferedBytes < 1) {
    problems.push(`fileSink: maxBufferedBytes must be a whole number from 1, got ${resolved.maxBufferedBytes}`);
  }
  return problems;
}
