/**
 * The public API: all that a job module needs. The only barrel of the project besides hl7/index.ts.
 * See docs/ARCHITECTURE.md and jobs/ for examples.
 */
export { defineJob } from './shared/graph/define-job.ts';
export type { JobDefinition } from './shared/graph/define-job.ts';
export type {
  AsyncOptions,
  ConnectedStreams,
  Flow,
  KeyedConnectedStreams,
  KeyedStream,
  NamedOptions,
  OutputOptions,
  ProcessedStream,
  QuarantineOptions,
  SourceOptions,
  Stream,
} from './shared/graph/flow.ts';
export type { OperatorOptions } from './shared/graph/graph-recorder.ts';
export type { ArgumentDeclaration, JobArguments } from './shared/graph/job-arguments.ts';
export { outputTag } from './shared/functions/output-tag.ts';
export type { OutputTag } from './shared/functions/output-tag.ts';
export { quarantineTo } from './shared/functions/quarantine.ts';
export type { Quarantine, QuarantinedRecord } from './shared/functions/quarantine.ts';
export type {
  AsyncFunction,
  CoProcessFunction,
  FlatMapFunction,
  KeyedCoProcessFunction,
  KeyedProcessContext,
  KeyedProcessFunction,
  KeySelector,
  OnTimerContext,
  ProcessContext,
  ProcessFunction,
} from './shared/functions/functions.ts';
export type {
  KeyedRuntimeContext,
  KeyedStateAccess,
  OperatorStateAccess,
  RuntimeContext,
} from './shared/functions/runtime-context.ts';
export {
  aggregatingState,
  largeMapState,
  listState,
  mapState,
  operatorListState,
  reducingState,
  valueState,
} from './shared/functions/state.ts';
export type {
  AggregateFunction,
  AggregatingState,
  LargeMapState,
  ListState,
  MapState,
  OperatorListState,
  ReducingState,
  StateOptions,
  StateTtl,
  ValueState,
} from './shared/functions/state.ts';
export { boundedOutOfOrderness } from './shared/functions/watermarks.ts';
export type { BoundedOutOfOrderness, WatermarkStrategy } from './shared/functions/watermarks.ts';
export type { Timers } from './shared/functions/timers.ts';
export { bytesSerializer, stringSerializer } from './shared/serialization/serializer.ts';
export type { Serializer } from './shared/serialization/serializer.ts';
export type { HeaderValue, OutputRecord, SourcePosition, SourceRecord } from './shared/connector/records.ts';
export type { SinkSpec } from './shared/connector/sink.ts';
export type { SourceSpec } from './shared/connector/source.ts';
export type {
  AbandonedAttempt,
  Committable,
  CommitterContext,
  PreparedOutput,
  SinkCommitter,
  SinkWriter,
  SinkWriterContext,
} from './shared/connector/sink.ts';
export type {
  Discovery,
  EnumeratorContext,
  PollResult,
  SourceOutput,
  SourceReader,
  SourceReaderContext,
  SplitEnumerator,
  SplitSnapshot,
  SplitState,
} from './shared/connector/source.ts';
export { parseSplitId } from './shared/ids.ts';
export type { CheckpointId, SplitId } from './shared/ids.ts';
export { seededRandom } from './shared/random/random.ts';
export type { Random } from './shared/random/random.ts';

export { customSink } from './connectors/custom/sink-spec.ts';
export type { CustomSinkOptions } from './connectors/custom/sink-spec.ts';
export { customSource } from './connectors/custom/source-spec.ts';
export type { CustomSourceOptions } from './connectors/custom/source-spec.ts';
export type { FileFraming } from './connectors/file/framing.ts';
export { fileSink } from './connectors/file/sink-spec.ts';
export type { FileSinkOptions, ValueEncoding } from './connectors/file/sink-spec.ts';
export { fileSource } from './connectors/file/source-spec.ts';
export type { FileSourceOptions } from './connectors/file/source-spec.ts';
export { generatorSource } from './connectors/generator/source-spec.ts';
export type { GeneratedRecord, GenerateRecord, GeneratorSourceOptions } from './connectors/generator/source-spec.ts';
export { kafkaSink } from './connectors/kafka/sink-spec.ts';
export { kafkaSource } from './connectors/kafka/source-spec.ts';
export type { KafkaSecurity, KafkaSinkOptions, KafkaSourceOptions } from './connectors/kafka/options.ts';
