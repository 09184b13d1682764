import { fileSink, fileSource, generatorSource, kafkaSink, kafkaSource } from '../../index.ts';
import type { JobArguments, OutputRecord, SinkSpec, SourceRecord, SourceSpec } from '../../index.ts';
import { generatedFeed } from './generate/generated-feed.ts';
import { hl7FileFraming } from './hl7-file-framing.ts';
import type { jobArguments } from './job-arguments.ts';
import { topicOf } from './route.ts';

type Arguments = JobArguments<typeof jobArguments>;

/** A dead letter is the raw message and some headers; the sink's limit leaves room for them. */
const HEADROOM_BYTES = 1_048_576;

/** Where messages come from: generated, files or Kafka. */
export function chooseSource(args: Arguments): SourceSpec<SourceRecord> {
  const maxRecordBytes = args.maxMessageBytes;
  if (args.generate !== undefined) {
    return generatorSource({
      next: generatedFeed(args.seed),
      count: args.generate,
      splits: 4,
      seed: args.seed,
      ...(args.rate === undefined ? {} : { ratePerSecond: args.rate }),
    });
  }
  if (args.input !== undefined) {
    return fileSource({ path: args.input, framing: hl7FileFraming, maxRecordBytes });
  }
  const { inputTopic: topic, bounded, brokers } = args;
  return kafkaSource({ topic, bounded, maxRecordBytes, ...(brokers === undefined ? {} : { brokers }) });
}

/** Where records go: JSON lines or Kafka. `topics`: those that must be there before the job starts. */
export function chooseSink(args: Arguments, topics: readonly string[]): SinkSpec<OutputRecord> {
  const { brokers } = args;
  if (args.output !== undefined) {
    const deadLetterTopic = topicOf(args.outputPrefix, 'dlq');
    return fileSink({ path: args.output, encoding: ({ topic }) => (topic === deadLetterTopic ? 'base64' : 'json') });
  }
  return kafkaSink({
    topics,
    guarantee: args.guarantee === 'at-least-once' ? 'at-least-once' : 'exactly-once',
    maxRecordBytes: args.maxMessageBytes + HEADROOM_BYTES,
    ...(brokers === undefined ? {} : { brokers }),
  });
}

/** What contradicts itself in the arguments. */
export function connectionProblems(args: Arguments): readonly string[] {
  const problems: string[] = [];
  if (args.generate !== undefined && args.input !== undefined) {
    problems.push('--generate and --input exclude each other: give one of them');
  }
  if (args.rate !== undefined && args.generate === undefined) {
    problems.push('--rate is the rate of generated messages: give --generate COUNT with it');
  }
  return problems;
}
