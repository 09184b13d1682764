import {
  addresses,
  choice,
  decimal,
  duration,
  optionalName,
  optionalPort,
  optionalText,
  size,
  text,
  wholeNumber,
} from './option.ts';

/**
 * Every configuration key of the cluster, once. Names are Flink's where the concept is Flink's. Keys that
 * connectors read stand in connector-options.ts.
 */
export const OPTIONS = {
  'parallelism.default': wholeNumber(1, 32_768, 1, 'Parallelism of operators that set none.'),
  'pipeline.max-parallelism': wholeNumber(
    1,
    32_768,
    1_024,
    'Number of key groups: the most a job can ever be rescaled to.',
  ),

  'coordinator.rpc.addresses': addresses(
    '127.0.0.1:6123',
    'Where task managers and the command line find the coordinators.',
  ),
  'coordinator.rpc.host': text('127.0.0.1', 'Address on which a coordinator listens.'),
  'coordinator.rpc.port': wholeNumber(0, 65_535, 6_123, 'Port on which a coordinator listens; 0 chooses one.'),
  'coordinator.rpc.advertised-host': optionalText(
    'Host under which others reach this coordinator, when it is not coordinator.rpc.host (which may be 0.0.0.0).',
  ),
  'coordinator.jobs-dir': optionalText(
    'Folder of the job records of a cluster with one coordinator (high-availability.type none), kept over restarts; empty: in memory; below io.tmp.dirs when absent, or in memory when the port is 0.',
  ),
  'coordinator.artifact-bytes-max': size(32 * 1024 ** 2, 'Largest job module that can be submitted.'),

  'scheduler-mode': choice(
    ['default', 'reactive'],
    'default',
    'Of jobs whose submission says nothing. reactive: a job has as much parallelism as the slots give it, and follows them.',
  ),
  'coordinator.adaptive-scheduler.executing.cooldown-after-rescaling': duration(
    30_000,
    'Least time from when a reactive job began to run, or last tried to grow, until it grows.',
  ),
  'coordinator.adaptive-scheduler.executing.resource-stabilization-timeout': duration(
    60_000,
    'How long more slots than a reactive job has a use for must have been free until it grows; when they are all that it could ever use, it does not wait.',
  ),
  'coordinator.adaptive-scheduler.rescale-trigger.max-checkpoint-failures': wholeNumber(
    1,
    1_000,
    2,
    'Failed checkpoints after which the growth of a reactive job is given up until the next cooldown is over.',
  ),

  'taskmanager.id': optionalName(
    'Identity of the task manager, kept over restarts (a StatefulSet name); generated when absent.',
  ),
  'taskmanager.host': text(
    '127.0.0.1',
    'Address on which the data plane listens, and under which others reach it unless taskmanager.advertised-host is set.',
  ),
  'taskmanager.advertised-host': optionalText(
    'Host under which other task managers and the coordinator reach the data plane, when it is not taskmanager.host (which may be 0.0.0.0).',
  ),
  'taskmanager.data.port': wholeNumber(0, 65_535, 0, 'Port on which the data plane listens; 0 chooses one.'),
  'taskmanager.data.advertised-port': optionalPort(
    'Port under which others reach the data plane, when it is not taskmanager.data.port (behind a mapping of ports).',
  ),
  'taskmanager.numberOfTaskSlots': wholeNumber(1, 256, 1, 'Slots of a task manager; each is a thread.'),
  'taskmanager.slot.heap-size': size(1024 ** 3, 'Most JavaScript heap a slot may use before its attempt fails.'),
  'taskmanager.network.frame-size': size(32 * 1024, 'Size of a data frame between subtasks.'),
  'taskmanager.network.credits-per-channel': wholeNumber(1, 64, 8, 'Data frames under way in one channel at most.'),
  'taskmanager.network.record-size-max': size(
    32 * 1024 ** 2,
    'Largest serialized record that may cross from one subtask to another.',
  ),
  'taskmanager.network.flush-after': duration(5, 'Age at which an unfilled frame is sent even when the slot is busy.'),

  'heartbeat.interval': duration(1_000, 'How often a task manager reports that it is alive.'),
  'heartbeat.timeout': duration(
    8_000,
    'Silence after which a task manager is taken for lost, and a connection between task managers for broken.',
  ),
  'taskmanager.drain-timeout': duration(
    30_000,
    'How long a task manager that is asked to end (SIGTERM) waits until its tasks go on elsewhere, from a checkpoint.',
  ),
  'coordinator-loss-grace': duration(60_000, 'How long tasks keep running while no coordinator can be reached.'),

  'execution.checkpointing.interval': duration(
    1_000,
    'From one checkpoint to the next, 100 ms to an hour; output of exactly-once sinks becomes visible with each.',
  ),
  'execution.checkpointing.timeout': duration(60_000, 'Time after which a checkpoint that is not complete expires.'),
  'execution.checkpointing.min-pause': duration(0, 'Least time from the end of a checkpoint to the next.'),
  'execution.checkpointing.max-concurrent-checkpoints': wholeNumber(1, 8, 1, 'Checkpoints under way at once.'),
  'execution.checkpointing.tolerable-failed-checkpoints': wholeNumber(
    0,
    1_000,
    3,
    'Failed checkpoints in a row that are borne; one more restarts the job from the last completed one.',
  ),
  'execution.checkpointing.num-retained': wholeNumber(1, 100, 3, 'Completed checkpoints that are kept.'),

  'state.backend': choice(
    ['rocksdb', 'heap'],
    'rocksdb',
    'Where keyed state lives between checkpoints: RocksDB on local disk, or memory, which taskmanager.slot.heap-size bounds.',
  ),
  'state.checkpoints.dir': optionalText(
    'Where checkpoints are stored: s3://BUCKET/PREFIX, or a folder that all processes share; a temporary folder when absent.',
  ),
  'state.savepoints.dir': optionalText('Where savepoints go that name no directory: s3://BUCKET/PREFIX, or a folder.'),
  'state.local-dir': optionalText(
    'Folder for the local stores of keyed state, kept over restarts; below io.tmp.dirs when absent.',
  ),
  'state.dirty-soft-limit': size(
    32 * 1024 ** 2,
    'Changes of keyed state held in the memory of a slot above which a checkpoint is asked for at once.',
  ),
  'state.dirty-hard-limit': size(
    128 * 1024 ** 2,
    'Changes of keyed state held in the memory of a slot above which they are spilled to local disk.',
  ),
  'state.cache-size': size(64 * 1024 ** 2, 'Clean keyed state held in the memory of a slot.'),
  's3.endpoint': optionalText('URL of MinIO or another S3, such as http://127.0.0.1:9000.'),
  's3.region': text('us-east-1', 'Region of the bucket.'),
  's3.access-key': optionalText('Access key of the S3 user.'),
  's3.secret-key': optionalText('Secret key of the S3 user.'),

  'high-availability.type': choice(
    ['none', 'etcd'],
    'none',
    'none: one coordinator, its job records in a folder. etcd: several, one of which is elected; job records in etcd.',
  ),
  'high-availability.lease': duration(
    3_000,
    'Lease of the leading coordinator, 2 s to 60 s: after its death another leads at the latest this long after (and half a second).',
  ),
  'high-availability.etcd.endpoints': addresses('127.0.0.1:2379', 'Members of the etcd cluster.'),
  'high-availability.etcd.timeout': duration(3_000, 'Time after which one request to etcd is given up and repeated.'),
  'high-availability.etcd.username': optionalText('User to log in to etcd as; no login when absent.'),
  'high-availability.etcd.password': optionalText(
    'Its password; better given by the environment than by a file or an argument.',
  ),
  'high-availability.etcd.tls.enabled': choice(
    ['false', 'true'],
    'false',
    "true: TLS to etcd, with the system's certificate authorities if no other is named.",
  ),
  'high-availability.etcd.tls.ca.path': optionalText("PEM file of etcd's certificate authority; turns TLS on."),
  'high-availability.etcd.tls.cert.path': optionalText('PEM file of the client certificate; turns TLS on.'),
  'high-availability.etcd.tls.key.path': optionalText("PEM file of the client certificate's key."),
  'high-availability.cluster-id': optionalName(
    'Name of this cluster where it shares a Kafka, an etcd or a bucket with others; "default" when absent.',
  ),

  'restart-strategy.type': choice(
    ['exponential-delay', 'none'],
    'exponential-delay',
    'Whether a failed job is restarted; the first restart is at once.',
  ),
  'restart-strategy.exponential-delay.initial-backoff': duration(1_000, 'Delay before the second restart.'),
  'restart-strategy.exponential-delay.max-backoff': duration(60_000, 'Longest delay between restarts.'),
  'restart-strategy.exponential-delay.backoff-multiplier': decimal(1, 10, 1.5, 'Factor by which the delay grows.'),
  'restart-strategy.exponential-delay.reset-backoff-threshold': duration(
    3_600_000,
    'Time without a failure after which the delay begins anew.',
  ),
  'restart-strategy.exponential-delay.jitter-factor': decimal(
    0,
    0.5,
    0.1,
    'Random share by which a delay may be longer or shorter.',
  ),
  'restart-strategy.exponential-delay.attempts-before-reset-backoff': wholeNumber(
    1,
    2_147_483_647,
    2_147_483_647,
    'Failures without a stable time between them after which the job fails for good.',
  ),

  'execution.quarantine.failures': wholeNumber(
    1,
    1_000,
    3,
    "Attempts that a record may fail, one after another, before it leaves by the side output of its operator's quarantine.",
  ),

  'io.tmp.dirs': optionalText("Folder for job modules and scratch files; the system's temporary folder when absent."),
  'metrics.port': optionalPort('Port of the Prometheus endpoint /metrics; none when absent, 0 chooses one.'),
  'metrics.host': text('127.0.0.1', 'Address of the Prometheus endpoint.'),
  'log.level': choice(
    ['debug', 'info', 'warn', 'error', 'silent'],
    'info',
    'Least level of what is logged to standard error.',
  ),
} as const;

export type OptionKey = keyof typeof OPTIONS;

export type Configuration = {
  readonly [K in OptionKey]: (typeof OPTIONS)[K] extends {
    readonly defaultValue: unknown;
    parse(text: string): infer V;
  }
    ? undefined extends (typeof OPTIONS)[K]['defaultValue']
      ? V
      : Exclude<V, undefined>
    : never;
};
