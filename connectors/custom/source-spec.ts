import type { EnumeratorContext, SourceReader, SourceSpec, SplitEnumerator } from '../../shared/connector/source.ts';

/** A source written in the job's own module: the two halves of the source port (shared/connector/source.ts, I1 to I3). */
export interface CustomSourceOptions<T> {
  /** Called in the coordinator. */
  createEnumerator(context: EnumeratorContext): SplitEnumerator;
  /** Called in a task manager, once per subtask and attempt. */
  createReader(): SourceReader<T>;
  /** True when the source ends by itself. */
  readonly bounded: boolean;
  /** Names the source in plans. No secrets. */
  readonly summary: string;
}

export function customSource<T>(options: CustomSourceOptions<T>): SourceSpec<T> {
  return {
    kind: 'source',
    connector: 'custom',
    options,
    bounded: options.bounded,
    problems: [],
    summary: options.summary,
  };
}

export function isCustomSource(options: unknown): options is CustomSourceOptions<unknown> {
  return (
    typeof options === 'object' &&
    options !== null &&
    'createEnumerator' in options &&
    typeof options.createEnumerator === 'function' &&
    'createReader' in options &&
    typeof options.createReader === 'function'
  );
}
