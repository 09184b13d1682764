import type { HeaderValue, SourceRecord } from '../../shared/connector/records.ts';
import type { SourceSpec } from '../../shared/connector/source.ts';
import type { Random } from '../../shared/random/random.ts';

/** What a generator function makes. */
export interface GeneratedRecord {
  readonly value: Buffer;
  readonly key?: Buffer;
  readonly headers?: Readonly<Record<string, HeaderValue>>;
  /** Epoch milliseconds. Default: the time of the first discovery, plus the record's place in time when there is a rate. */
  readonly timestampMs?: number;
}

/**
 * Makes record `index` of the whole feed (0, 1, 2 …, each made by one split). Must be a function of its arguments alone:
 * after a restart the same index gives the same record. `random` is seeded by the source's seed and the index.
 */
export type GenerateRecord = (index: number, random: Random) => GeneratedRecord;

export interface GeneratorSourceOptions {
  readonly next: GenerateRecord;
  /** How many records there are; without it the feed never ends. */
  readonly count?: number;
  /** Over how many splits the feed is dealt: record i is made by split i mod splits. Default 1. */
  readonly splits?: number;
  /** Of the whole feed. Without it as fast as the job takes them. */
  readonly ratePerSecond?: number;
  /** Default 1. */
  readonly seed?: number;
}

export interface DecodingGeneratorSourceOptions<T> extends GeneratorSourceOptions {
  readonly deserialize: (record: SourceRecord) => T;
}

/** The options after defaults, as both halves of the connector read them. */
export interface ResolvedGeneratorSource {
  readonly kind: 'generator-source';
  readonly next: GenerateRecord;
  readonly count: number | undefined;
  readonly splits: number;
  readonly ratePerSecond: number | undefined;
  readonly seed: number;
  readonly deserialize: (record: SourceRecord) => unknown;
}

/** A feed made by a function of the job: the same for every run with the same seed, and after every restart. */
export function generatorSource<T>(options: DecodingGeneratorSourceOptions<T>): SourceSpec<T>;
export function generatorSource(options: GeneratorSourceOptions): SourceSpec<SourceRecord>;
export function generatorSource(
  options: GeneratorSourceOptions & { readonly deserialize?: (record: SourceRecord) => unknown },
): SourceSpec<unknown> {
  const resolved: ResolvedGeneratorSource = {
    kind: 'generator-source',
    next: options.next,
    count: options.count,
    splits: options.splits ?? 1,
    ratePerSecond: options.ratePerSecond,
    seed: options.seed ?? 1,
    deserialize: options.deserialize ?? ((record) => record),
  };
  return {
    kind: 'source',
    connector: 'generator',
    options: resolved,
    bounded: resolved.count !== undefined,
    problems: problemsOf(resolved),
    summary: summaryOf(resolved),
  };
}

/** Recognises the options of a `generatorSource`: they may come from a bundled job, so that only their shape can be checked. */
export function isGeneratorSource(options: unknown): options is ResolvedGeneratorSource {
  return typeof options === 'object' && options !== null && 'kind' in options && options.kind === 'generator-source';
}

function summaryOf({ count, splits, ratePerSecond, seed }: ResolvedGeneratorSource): string {
  const rate = ratePerSecond === undefined ? '' : ` rate=${ratePerSecond}/s`;
  return `count=${count ?? 'unbounded'} splits=${splits} seed=${seed}${rate}`;
}

function problemsOf({ count, splits, ratePerSecond, seed }: ResolvedGeneratorSource): readonly string[] {
  const problems: string[] = [];
  if (count !== undefined && (!Number.isSafeInteger(count) || count < 0)) {
    problems.push(`generatorSource: count must be a whole number from 0, got ${count}`);
  }
  if (!Number.isInteger(splits) || splits < 1 || splits > 32_768) {
    problems.push(`generatorSource: splits must be a whole number from 1 to 32768, got ${splits}`);
  }
  if (ratePerSecond !== undefined && !(Number.isFinite(ratePerSecond) && ratePerSecond > 0)) {
    problems.push(`generatorSource: ratePerSecond must be more than 0, got ${ratePerSecond}`);
  }
  if (!Number.isSafeInteger(seed)) {
    problems.push(`generatorSource: seed must be a whole number, got ${seed}`);
  }
  return problems;
}
