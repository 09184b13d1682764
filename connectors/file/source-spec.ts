import type { SourceRecord } from '../../shared/connector/records.ts';
import type { SourceSpec } from '../../shared/connector/source.ts';
import { lineFraming, wholeFileFraming } from './framing.ts';
import type { FileFraming } from './framing.ts';

/** 20 MB: the project's message limit. */
export const RECORD_BYTES_MAX = 20_000_000;

export interface FileSourceOptions {
  /** A file, or a directory whose files are read in name order, recursively; hidden files and folders are skipped. */
  readonly path: string;
  /** How a file becomes records: `whole` (default), `lines`, or a framing of your own. */
  readonly framing?: 'whole' | 'lines' | FileFraming;
  /** A larger record is handed over by reference: empty, with `oversizeBytes`. Default 20 MB. */
  readonly maxRecordBytes?: number;
}

export interface DecodingFileSourceOptions<T> extends FileSourceOptions {
  /** Makes the job's value of a record. A throw costs the attempt: return a value that says what is wrong instead. */
  readonly deserialize: (record: SourceRecord) => T;
}

/** The options after defaults, as both halves of the connector read them. */
export interface ResolvedFileSource {
  readonly kind: 'file-source';
  readonly path: string;
  readonly framing: FileFraming;
  /** The size of such a file decides, so that a file larger than allowed is not even read. */
  readonly isWholeFile: boolean;
  readonly maxRecordBytes: number;
  readonly deserialize: (record: SourceRecord) => unknown;
}

/**
 * Reads a file or a directory once, and ends. One split per file; readers ask for the next file when they are done, so that
 * with one reader the files come in name order. Each record carries the header `file`: its path below `path`.
 */
export function fileSource<T>(options: DecodingFileSourceOptions<T>): SourceSpec<T>;
export function fileSource(options: FileSourceOptions): SourceSpec<SourceRecord>;
export function fileSource(
  options: FileSourceOptions & { readonly deserialize?: (record: SourceRecord) => unknown },
): SourceSpec<unknown> {
  const framing = framingOf(options.framing ?? 'whole');
  const resolved: ResolvedFileSource = {
    kind: 'file-source',
    path: options.path,
    framing,
    isWholeFile: framing === wholeFileFraming,
    maxRecordBytes: options.maxRecordBytes ?? RECORD_BYTES_MAX,
    deserialize: options.deserialize ?? ((record) => record),
  };
  return {
    kind: 'source',
    connector: 'file',
    options: resolved,
    bounded: true,
    problems: problemsOf(resolved),
    summary: `path=${resolved.path} framing=${resolved.framing.name}`,
  };
}

/** Recognises the options of a `fileSource`: they may come from a bundled job, so that only their shape can be checked. */
export function isFileSource(options: unknown): options is ResolvedFileSource {
  return typeof options === 'object' && options !== null && 'kind' in options && options.kind === 'file-source';
}

function framingOf(framing: 'whole' | 'lines' | FileFraming): FileFraming {
  switch (framing) {
    case 'whole':
      return wholeFileFraming;
    case 'lines':
      return lineFraming;
    default:
      return framing;
  }
}

function problemsOf(resolved: ResolvedFileSource): readonly string[] {
  const problems: string[] = [];
  if (resolved.path.trim() === '') {
    problems.push('fileSource: path is empty; name a file or a directory');
  }
  if (!Number.isInteger(resolved.maxRecordBytes) || resolved.maxRecordBytes < 1) {
    problems.push(`fileSource: maxRecordBytes must be a whole number from 1, got ${resolved.maxRecordBytes}`);
  }
  return problems;
}
