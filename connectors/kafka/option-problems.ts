import type { CheckedSink, CheckedSource, KafkaSecurity, KafkaSourceOptions } from './options.ts';

/** Everything that is wrong with options, as sentences, all at once. Shown with the problems of the whole graph. */

const TOPIC_NAME = /^[A-Za-z0-9._-]{1,249}$/;
const BROKER = /^[^\s:,]+:([0-9]{1,5})$/;
/** Kafka's limit for one request is a 32-bit size. */
const BYTES_MAX = 1_000_000_000;

export function sourceProblems(options: KafkaSourceOptions, checked: CheckedSource): readonly string[] {
  const named = [options.topic, options.topics, options.topicPattern].filter((one) => one !== undefined).length;
  const say = (text: string): string => `kafkaSource: ${text}`;
  return [
    ...(named === 1 ? [] : ['give exactly one of topic, topics and topicPattern']),
    ...(options.topics?.length === 0 ? ['topics is empty'] : []),
    ...checked.topics.flatMap(topicProblem),
    ...patternProblem(checked.topicPattern),
    ...brokerProblems(checked.brokers),
    ...startProblems(checked),
    ...wholeNumber('discoveryIntervalMs', checked.discoveryIntervalMs, 0, 2_147_483_647),
    ...wholeNumber('maxRecordBytes', checked.maxRecordBytes, 1, BYTES_MAX),
    ...wholeNumber('fetch.maxBytes', checked.fetchMaxBytes, 1_024, BYTES_MAX),
    ...wholeNumber('fetch.maxWaitMs', checked.fetchMaxWaitMs, 1, 20_000),
    ...wholeNumber('fetch.bufferBytes', checked.bufferBytes, 1_024, BYTES_MAX),
    ...oneOf('isolation', checked.isolation, ['read_committed', 'read_uncommitted']),
    ...(checked.groupId === '' ? ['groupId is empty'] : []),
    ...oneOf('onDeserializeError', checked.onDeserializeError, ['fail', 'skip']),
    ...securityProblems(checked.security),
  ].map(say);
}

export function sinkProblems(checked: CheckedSink): readonly string[] {
  return [
    ...checked.topics.flatMap(topicProblem),
    ...brokerProblems(checked.brokers),
    ...oneOf('guarantee', checked.guarantee, ['exactly-once', 'at-least-once', 'none']),
    ...wholeNumber('transactionTimeoutMs', checked.transactionTimeoutMs, 1_000, 2_147_483_647),
    ...oneOf('compression', checked.compression, ['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    ...wholeNumber('maxBatchBytes', checked.maxBatchBytes, 1_024, BYTES_MAX),
    ...wholeNumber('lingerMs', checked.lingerMs, 0, 10_000),
    ...wholeNumber('maxInFlightBytes', checked.maxInFlightBytes, checked.maxBatchBytes, BYTES_MAX),
    ...wholeNumber('maxRecordBytes', checked.maxRecordBytes, 1, BYTES_MAX),
    ...wholeNumber('deliveryTimeoutMs', checked.deliveryTimeoutMs, 1_000, 2_147_483_647),
    ...securityProblems(checked.security),
  ].map((text) => `kafkaSink: ${text}`);
}

export function brokerProblems(brokers: readonly string[] | undefined): readonly string[] {
  if (brokers === undefined) {
    return [];
  }
  if (brokers.length === 0) {
    return ['brokers is empty: give host:port, several separated by commas'];
  }
  return brokers
    .filter((broker) => Number(BROKER.exec(broker)?.[1] ?? 0) < 1 || Number(BROKER.exec(broker)?.[1] ?? 0) > 65_535)
    .map((broker) => `broker "${broker}" is not host:port`);
}

function topicProblem(topic: string): readonly string[] {
  return TOPIC_NAME.test(topic) && topic !== '.' && topic !== '..'
    ? []
    : [`topic "${topic}" is no Kafka topic name (1 to 249 of letters, digits, dot, underscore and hyphen)`];
}

function patternProblem(pattern: string | undefined): readonly string[] {
  try {
    new RegExp(`^(?:${pattern ?? ''})$`);
    return [];
  } catch {
    return [`topicPattern "${pattern ?? ''}" is no regular expression`];
  }
}

function startProblems({ startFrom, topics, topicPattern }: CheckedSource): readonly string[] {
  if (typeof startFrom === 'string') {
    return oneOf('startFrom', startFrom, ['earliest', 'latest']);
  }
  if ('timestampMs' in startFrom) {
    return wholeNumber('startFrom.timestampMs', startFrom.timestampMs, 0, Number.MAX_SAFE_INTEGER);
  }
  const hasOneTopic = topics.length === 1 && topicPattern === undefined;
  return Object.entries(startFrom.offsets).flatMap(([name, offset]) => [
    ...(offsetPartition(name, topics, hasOneTopic)
      ? []
      : [`startFrom.offsets names "${name}": write topic-partition, of a topic of this source`]),
    ...((typeof offset === 'bigint' ? offset >= 0n : Number.isSafeInteger(offset) && offset >= 0)
      ? []
      : [`startFrom.offsets["${name}"] must be a whole number from 0, got ${offset}`]),
  ]);
}

function offsetPartition(name: string, topics: readonly string[], hasOneTopic: boolean): boolean {
  if (/^[0-9]+$/.test(name)) {
    return hasOneTopic;
  }
  const match = /^(.+)-[0-9]+$/.exec(name);
  return match !== null && (topics.length === 0 || topics.includes(match[1] ?? ''));
}

function securityProblems({ tls, sasl }: KafkaSecurity): readonly string[] {
  return [
    ...((tls?.certPath === undefined) === (tls?.keyPath === undefined)
      ? []
      : ['security.tls needs both certPath and keyPath, or neither']),
    ...(sasl === undefined
      ? []
      : oneOf('security.sasl.mechanism', sasl.mechanism, ['plain', 'scram-sha-256', 'scram-sha-512'])),
    ...(sasl?.username === '' ? ['security.sasl.username is empty'] : []),
  ];
}

function wholeNumber(name: string, value: number, min: number, max: number): readonly string[] {
  return Number.isSafeInteger(value) && value >= min && value <= max
    ? []
    : [`${name} must be a whole number from ${min} to ${max}, got ${value}`];
}

function oneOf(name: string, value: string, allowed: readonly string[]): readonly string[] {
  return allowed.includes(value) ? [] : [`${name} must be one of ${allowed.join(', ')}, got "${value}"`];
}
