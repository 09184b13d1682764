import type { OutputRecord } from '../../shared/connector/records.ts';
import type { SinkSpec } from '../../shared/connector/sink.ts';
import { sinkProblems } from './option-problems.ts';
import type { KafkaSinkOptions, SerializingSinkOptions } from './options.ts';
import { checkedSink } from './options.ts';

/**
 * Writes records to Kafka, each to the topic it names; keys choose the partition as Kafka's default partitioner does.
 * Without `serialize` it takes `OutputRecord`s.
 */
export function kafkaSink<T>(options: SerializingSinkOptions<T>): SinkSpec<T>;
export function kafkaSink(options?: KafkaSinkOptions): SinkSpec<OutputRecord>;
export function kafkaSink<T>(options: KafkaSinkOptions | SerializingSinkOptions<T> = {}): SinkSpec<T> {
  const checked = checkedSink(options);
  return {
    kind: 'sink',
    connector: 'kafka',
    options: { checked, serialize: 'serialize' in options ? options.serialize : undefined },
    problems: sinkProblems(checked),
    summary: `${checked.topics.length === 0 ? 'topic per record' : `topics=${checked.topics.join(',')}`} ${checked.guarantee}`,
  };
}
