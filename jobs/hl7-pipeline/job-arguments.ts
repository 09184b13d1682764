const MODES = ['by-facility', 'off', 'warn', 'dead-letter'] as const;

/** What the job may be told at submit. */
export const jobArguments = {
  input: {
    type: 'string',
    description: 'read this file or directory of HL7 (bare, MLLP or batches) instead of Kafka, and end',
  },
  output: {
    type: 'string',
    description: 'write JSON lines below this directory, one folder per topic, instead of to Kafka',
  },
  inputTopic: { type: 'string', description: 'the Kafka topic of raw HL7', default: 'hl7.raw' },
  outputPrefix: {
    type: 'string',
    description: 'output topics are this and adt, oru, orm, dft, mdm, other, encounters, dlq',
    default: 'hl7.',
  },
  brokers: {
    type: 'string',
    description: 'host:port of Kafka brokers, comma-separated; default: kafka.bootstrap.servers',
  },
  bounded: {
    type: 'boolean',
    description: 'end at the end offsets that the input topic has at the start',
    default: false,
  },
  generate: { type: 'number', description: 'make this many realistic messages instead of reading any, and end' },
  rate: { type: 'number', description: 'generated messages per second; default: as fast as they are taken' },
  seed: { type: 'number', description: 'which feed is generated: the same seed gives the same messages', default: 1 },
  keyedParallelism: { type: 'number', description: 'subtasks of the steps per patient; default: as all other steps' },
  facilities: { type: 'file', description: 'JSON: who sends, and how each sender is read (hl7/schemas/README.md)' },
  profiles: { type: 'file', description: 'JSON: an HL7 profile, or an array of them' },
  validateSyntax: {
    type: 'choice',
    of: MODES,
    description: 'the syntax check, for all senders',
    default: 'by-facility',
  },
  validateProfile: {
    type: 'choice',
    of: MODES,
    description: 'the HL7 profile check, for all senders',
    default: 'by-facility',
  },
  validateContract: {
    type: 'choice',
    of: MODES,
    description: 'the output contract check, for all senders',
    default: 'by-facility',
  },
  duplicates: {
    type: 'choice',
    of: ['by-facility', 'drop', 'pass', 'dead-letter'],
    description: 'what becomes of a message that is sent again unchanged, for all senders',
    default: 'by-facility',
  },
  duplicatesWithin: {
    type: 'number',
    description: 'for how many hours a message is remembered, so that its resend is recognised',
    default: 24,
  },
  encounters: {
    type: 'boolean',
    description: 'write each change of a visit to the topic encounters',
    default: true,
  },
  guarantee: {
    type: 'choice',
    of: ['exactly-once', 'at-least-once'],
    description:
      'of the output on Kafka: exactly-once shows with each checkpoint, at-least-once at once, and twice after a failure',
    default: 'exactly-once',
  },
  maxMessageBytes: { type: 'number', description: 'larger records are dead letters by reference', default: 20_000_000 },
} as const;
