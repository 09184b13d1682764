import type { SourceRecord } from '../../shared/connector/records.ts';
import type { SourceSpec } from '../../shared/connector/source.ts';
import { sourceProblems } from './option-problems.ts';
import type { CheckedSource, DeserializingSourceOptions, KafkaSourceOptions } from './options.ts';
import { checkedSource } from './options.ts';

/**
 * Reads topics of Kafka, each partition by one reader, from offsets that are part of the job's checkpoints. Without
 * `deserialize` it yields `SourceRecord`s. Needs Kafka 2.3 or newer.
 */
export function kafkaSource<T>(options: DeserializingSourceOptions<T>): SourceSpec<T>;
export function kafkaSource(options: KafkaSourceOptions): SourceSpec<SourceRecord>;
export function kafkaSource(options: KafkaSourceOptions | DeserializingSourceOptions<unknown>): SourceSpec<unknown> {
  const checked = checkedSource(options, 'deserialize' in options ? options.deserialize : undefined);
  return {
    kind: 'source',
    connector: 'kafka',
    options: checked,
    bounded: checked.bounded,
    problems: sourceProblems(options, checked),
    summary: summaryOf(checked),
  };
}

function summaryOf({ topics, topicPattern, bounded }: CheckedSource): string {
  const what = topicPattern === undefined ? `topic=${topics.join(',')}` : `topicPattern=${topicPattern}`;
  return bounded ? `${what} bounded` : what;
}
