import type { OutputRecord } from '../../shared/connector/records.ts';
import type { SinkSpec } from '../../shared/connector/sink.ts';
import type { SourceSpec } from '../../shared/connector/source.ts';
import { invariant } from '../../shared/invariant.ts';
import type { CheckedSink, CheckedSource } from './options.ts';

/**
 * Recognises the options that `kafkaSource` and `kafkaSink` made. They come from the job's own bundle, which has a copy of that
 * code of its own, so nothing but their shape can be compared.
 */
export function sourceOptionsOf(spec: SourceSpec<unknown>): CheckedSource {
  const options = spec.options as Partial<CheckedSource> | undefined;
  invariant(options?.kind === 'kafka-source', 'the source named "kafka" was not made by kafkaSource()');
  return options as CheckedSource;
}

export interface SinkSetup {
  readonly checked: CheckedSink;
  readonly serialize: (value: unknown) => OutputRecord;
}

export function sinkOptionsOf(spec: SinkSpec<unknown>): SinkSetup {
  const { checked, serialize } = (spec.options ?? {}) as {
    checked?: CheckedSink;
    serialize?: (value: unknown) => OutputRecord;
  };
  invariant(checked?.kind === 'kafka-sink', 'the sink named "kafka" was not made by kafkaSink()');
  return { checked, serialize: serialize ?? ((value) => value as OutputRecord) };
}
