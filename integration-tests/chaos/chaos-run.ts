import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { referencedObjects } from '../../shared/checkpoint/referenced-objects.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { MinioSnapshotStore } from '../../shared/snapshot-store/minio-snapshot-store.ts';
import type { ObjectInfo, StoreCall } from '../../shared/snapshot-store/snapshot-store.ts';
import { hasEnded } from '../../cli/admin/admin-client.ts';
import type { JobSummary } from '../../cli/admin/admin-client.ts';
import { ClusterUnderTest } from '../harness/cluster-under-test.ts';
import type { ClusterOptions, Environment } from '../harness/cluster-under-test.ts';
import { eventually } from '../harness/eventually.ts';
import type { ProcessUnderTest } from '../harness/process-under-test.ts';
import { S3Relay } from '../harness/s3-relay.ts';
import { checkCounting } from './check-counting.ts';
import type { Verdict } from './check-counting.ts';
import { IndependentReader } from './independent-reader.ts';
import { NumberFeed } from './number-feed.ts';

const JOB = 'integration-tests/jobs/counting-job.ts';
const BUCKET = 'nerve-chaos';
const EVIDENCE = join(import.meta.dirname, '../../build/chaos');
const WARNINGS_SHOWN = 25;
/** How long a step of a scenario may take before it has failed; alone on the machine each takes a second or two. */
const PATIENCE_MS = 120_000;
const S3 = {
  endpoint: process.env['S3_ENDPOINT'] ?? 'http://127.0.0.1:19000',
  accessKey: process.env['S3_ACCESS_KEY'] ?? 'nerveaccess',
  secretKey: process.env['S3_SECRET_KEY'] ?? 'nervesecret',
  region: process.env['S3_REGION'] ?? 'us-east-1',
};
const call: StoreCall = { deadlineMs: 20_000, signal: new AbortController().signal };

export interface ChaosOptions extends Partial<ClusterOptions> {
  readonly name: string;
  /** Of the job; the keyed part may have another. */
  readonly parallelism?: number;
  readonly keyedParallelism?: number;
  readonly partitions?: number;
  /** Messages per second while the scenario lasts. */
  readonly rate?: number;
  /** Its own broker, when the scenario harms it. */
  readonly brokers?: string;
  readonly timerDelayMs?: number;
  /** The scenario ends the job before all of its input is counted: what is missing is no loss. */
  readonly endsEarly?: boolean;
}

/** What must be nothing in the end, whatever happened. */
export interface Harm extends Omit<Verdict, 'input'> {
  readonly openTransactions: readonly string[];
  readonly orphans: readonly string[];
}

export const NO_HARM: Harm = {
  lost: 0,
  duplicated: 0,
  disordered: 0,
  wrong: 0,
  findings: [],
  openTransactions: [],
  orphans: [],
};

/** One scenario: a cluster, the counting job on it, its input, an independent reader of its output, and the snapshot store behind a relay. */
export class ChaosRun {
  readonly cluster: ClusterUnderTest;
  readonly relay: S3Relay;
  readonly feed: NumberFeed;
  readonly output: IndependentReader;
  readonly prefix: string;
  jobId = '';
  readonly #options: ChaosOptions;
  readonly #topics: { readonly input: string; readonly output: string };
  readonly #kafka: KafkaAdmin;

  private constructor(parts: {
    readonly cluster: ClusterUnderTest;
    readonly relay: S3Relay;
    readonly feed: NumberFeed;
    readonly output: IndependentReader;
    readonly kafka: KafkaAdmin;
    readonly prefix: string;
    readonly options: ChaosOptions;
  }) {
    this.cluster = parts.cluster;
    this.relay = parts.relay;
    this.feed = parts.feed;
    this.output = parts.output;
    this.prefix = parts.prefix;
    this.#kafka = parts.kafka;
    this.#options = parts.options;
    this.#topics = topicsOf(parts.prefix);
  }

  static async open(options: ChaosOptions): Promise<ChaosRun> {
    const prefix = `${options.name}-${randomUUID().slice(0, 8)}`;
    const brokers = brokersOf(options);
    const kafka = new KafkaAdmin(new Map([['kafka.bootstrap.servers', brokers]]), silentLogger);
    const topics = topicsOf(prefix);
    const partitions = options.partitions ?? 2;
    await kafka.createTopics(
      [
        { topic: topics.input, partitions },
        { topic: topics.output, partitions: 2 },
      ],
      AbortSignal.timeout(30_000),
    );
    await makeBucket();
    const relay = await S3Relay.open(S3.endpoint);
    const cluster = await ClusterUnderTest.start({
      taskManagers: 2,
      slots: 1,
      ...options,
      configuration: { ...configurationOf(prefix, relay, brokers), ...options.configuration },
    });
    const feed = await NumberFeed.open(brokers, topics.input, 1);
    const output = await IndependentReader.open(brokers, topics.output);
    return new ChaosRun({ cluster, relay, feed, output, kafka, prefix, options });
  }

  /** Starts the feed, and submits the job unless that is done. */
  async begin(): Promise<void> {
    this.feed.start(this.#options.rate ?? 200);
    if (this.jobId === '') {
      await this.submit();
    }
  }

  /** Waits until the job has written something, be it committed or not. */
  async writes(): Promise<void> {
    const uncommitted = await this.uncommittedOutput();
    try {
      await eventually('the job writes', () => (uncommitted.records.length > 0 ? true : undefined), PATIENCE_MS);
    } finally {
      await uncommitted.close();
    }
  }

  /** The same, and waits until output is visible. */
  async start(): Promise<void> {
    await this.begin();
    await this.flows('at the start');
  }

  /** Submits the counting job, empty or from a savepoint; from here on the run speaks of this job. */
  async submit(parallelism = this.#options.parallelism ?? 2, fromSavepoint?: string): Promise<void> {
    this.jobId = await this.cluster.submit(JOB, this.jobArguments(), parallelism, { fromSavepoint });
  }

  /** True when the job is cancelled; asks for it again where nothing came of it. */
  async cancelled(): Promise<true | undefined> {
    return (await this.#isOver()) === true && (await this.#summary())?.state === 'cancelled' ? true : undefined;
  }

  /** How many checkpoints have completed; undefined while none has. */
  async completedCheckpoints(): Promise<number | undefined> {
    const { checkpoints } = await this.cluster.admin.job(this.jobId);
    return checkpoints === undefined || checkpoints.completed === 0 ? undefined : checkpoints.completed;
  }

  /** A place for savepoints, beside the checkpoints. */
  get savepoints(): string {
    return `s3://${BUCKET}/${savepointsOf(this.prefix)}`;
  }

  jobArguments(): readonly string[] {
    const { keyedParallelism, timerDelayMs } = this.#options;
    return [
      ...['--input', this.#topics.input, '--output', this.#topics.output],
      ...(keyedParallelism === undefined ? [] : ['--keyed-parallelism', String(keyedParallelism)]),
      ...(timerDelayMs === undefined ? [] : ['--timer-delay-ms', String(timerDelayMs)]),
    ];
  }

  /** Waits until committed output grows: the job runs, checkpoints complete and commits go through. */
  async flows(when: string, withinMs = PATIENCE_MS): Promise<void> {
    const from = this.output.records.length;
    await eventually(
      `committed output grows ${when}`,
      async () => {
        await this.#throwIfEnded();
        return this.output.records.length > from + 20 ? true : undefined;
      },
      withinMs,
    );
  }

  /** Waits until a process has met its failpoint: the fault happened. */
  async hit(process: ProcessUnderTest, failpoint: string, times = 1, withinMs = PATIENCE_MS): Promise<void> {
    await eventually(
      `${process.name} meets its failpoint ${failpoint}`,
      () => (hitsOf(process, failpoint) >= times ? true : undefined),
      withinMs,
    );
  }

  /** Reads what the feed has written. To be closed by whoever opens it. */
  async inputReader(): Promise<IndependentReader> {
    return await IndependentReader.open(brokersOf(this.#options), this.#topics.input);
  }

  /** Reads what the job writes, also while it is not committed. To be closed by whoever opens it. */
  async uncommittedOutput(): Promise<IndependentReader> {
    return await IndependentReader.open(brokersOf(this.#options), this.#topics.output, 'read-uncommitted');
  }

  async attempt(): Promise<number> {
    return (await this.cluster.admin.job(this.jobId)).summary.attempt;
  }

  /** Waits until the job has gone on to another attempt than this one, and runs. */
  async restartedSince(attempt: number, withinMs = PATIENCE_MS): Promise<void> {
    await eventually(
      `an attempt after ${attempt} runs`,
      async () => {
        const summary = await this.#summary();
        return summary !== undefined && summary.attempt > attempt && summary.state === 'running' ? true : undefined;
      },
      withinMs,
    );
  }

  /**
   * Ends the feed, waits until all of it is counted, cancels the job, and compares. Whatever is missing or too much is in the
   * answer; a transaction that was left open is thrown.
   */
  async verdict(withinMs = PATIENCE_MS): Promise<Harm> {
    await this.feed.stop();
    if (this.#options.endsEarly === true) {
      return { ...(await this.compare()), lost: 0, findings: [] };
    }
    await this.#untilAllIsCounted(withinMs);
    await eventually('the job is over', async () => await this.#isOver(), withinMs);
    return await this.compare();
  }

  /** The verdict on what is there now, the job having ended. */
  async compare(): Promise<Harm> {
    const input = await this.inputReader();
    try {
      await Promise.all([input.toTheEnd(), this.output.toTheEnd()]);
      const { input: read, ...harm } = checkCounting(input.inOrder, this.output.inOrder);
      if (read < this.feed.sent) {
        throw new Error(
          `the reader found ${read} of ${this.feed.sent} messages of the input: the scenario proves nothing`,
        );
      }
      return { ...harm, openTransactions: await this.#openTransactions(), orphans: await this.#orphans() };
    } finally {
      await input.close();
    }
  }

  async #openTransactions(): Promise<readonly string[]> {
    const open = await this.#kafka.openTransactions(`${this.prefix}/`, AbortSignal.timeout(20_000));
    return open.map(({ transactionalId }) => transactionalId);
  }

  /** Objects of the job that no checkpoint names, after the garbage was collected. */
  async #orphans(): Promise<readonly string[]> {
    const request = { jobId: this.jobId, dryRun: false, includeUnknownJobs: false };
    await eventually('the garbage is collected', async () => {
      return await this.cluster.admin.collectGarbage(request).catch(() => undefined);
    });
    const store = storeAt(this.prefix);
    try {
      const keys = (await listed(this.prefix))
        .map(({ key }) => key)
        .filter((key) => key.includes(`jobs/${this.jobId}/`));
      const named = new Set<string>();
      for (const key of keys.filter((each) => each.endsWith('/metadata'))) {
        named.add(key);
        referencedObjects(await readMetadata(store, key, call)).forEach((object) => named.add(object.key));
      }
      return keys.filter((key) => !named.has(key));
    } finally {
      await store.close();
    }
  }

  /** The directory of the newest whole savepoint: what a user would look for whose command got no answer. */
  async latestSavepoint(): Promise<string | undefined> {
    const folder = savepointsOf(this.prefix);
    const whole = (await listed(folder)).filter(({ key }) => key.endsWith('/metadata'));
    const newest = whole.toSorted((a, b) => a.modifiedAtMs - b.modifiedAtMs).at(-1);
    return newest === undefined ? undefined : `s3://${BUCKET}/${folder}/${newest.key.replace(/\/metadata$/, '')}`;
  }

  /** Ends when all that was sent so far is counted and visible. */
  async allIsCounted(withinMs = PATIENCE_MS): Promise<void> {
    await eventually(
      'everything is counted',
      async () => {
        await this.#throwIfEnded();
        return this.output.records.length >= this.feed.resultsExpected ? true : undefined;
      },
      withinMs,
    );
  }

  /**
   * Waits until the job is finished, by a stop that somebody has asked for, and its savepoint is whole, which may come a moment
   * later; asks again as long as nobody has.
   */
  async stopped(withinMs = PATIENCE_MS): Promise<string> {
    return await eventually(
      'the job is stopped',
      async () => {
        const summary = await this.#summary();
        if (summary?.state === 'finished') {
          return await this.latestSavepoint();
        }
        if (summary?.state === 'running') {
          await this.cluster.admin
            .stop(this.jobId, { directory: this.savepoints, drain: false })
            .catch(() => undefined);
        }
        return undefined;
      },
      withinMs,
    );
  }

  startTaskManager(index: number, environment?: Environment): ProcessUnderTest {
    return this.cluster.startTaskManager(index, environment);
  }

  /** Keeps the logs of all processes in build/chaos, and gives the last warnings among them. */
  evidence(): string {
    const folder = join(EVIDENCE, this.prefix);
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(this.cluster.folder).filter((each) => each.endsWith('.log'))) {
      cpSync(join(this.cluster.folder, name), join(folder, name));
    }
    const warnings = this.cluster
      .logs()
      .split('\n')
      .filter((line) => /"level":[45]0/.test(line));
    return `the logs are in ${folder}; the last warnings:\n${warnings.slice(-WARNINGS_SHOWN).join('\n')}`;
  }

  async close(): Promise<void> {
    await this.feed.stop().catch(() => undefined);
    await this.cluster.stop();
    await this.relay.close();
    await this.output.close().catch(() => undefined);
    for (const folder of [this.prefix, savepointsOf(this.prefix)]) {
      await clear(folder);
    }
    const { input, output } = this.#topics;
    await this.#kafka.deleteTopics([input, output], AbortSignal.timeout(10_000)).catch(() => undefined);
    await this.#kafka.close();
  }

  /** Like `allIsCounted`, but what is missing in the end is for the comparison to say. */
  async #untilAllIsCounted(withinMs: number): Promise<void> {
    try {
      await this.allIsCounted(withinMs);
    } catch (error) {
      const summary = await this.#summary();
      if (summary === undefined || hasEnded(summary)) {
        throw error;
      }
    }
  }

  /** True when the job has ended; else asks for its cancellation, again and again where no coordinator answers. */
  async #isOver(): Promise<true | undefined> {
    const summary = await this.#summary();
    if (summary !== undefined && !hasEnded(summary)) {
      await this.cluster.admin.cancel(this.jobId).catch(() => undefined);
    }
    return summary !== undefined && hasEnded(summary) ? true : undefined;
  }

  /** Undefined while no coordinator answers. */
  async #summary(): Promise<JobSummary | undefined> {
    return await this.cluster.admin.job(this.jobId).then(
      (detail) => detail.summary,
      () => undefined,
    );
  }

  async #throwIfEnded(): Promise<void> {
    const summary = this.jobId === '' ? undefined : await this.#summary();
    if (summary !== undefined && hasEnded(summary)) {
      throw new Error(`the job is ${summary.state}: ${summary.failure?.message ?? 'nobody knows why'}`);
    }
  }
}

/** How often a process has met a failpoint, in its log. */
export function hitsOf(process: ProcessUnderTest, failpoint: string): number {
  return process
    .log()
    .split('\n')
    .filter((line) => line.includes('"failpoint-hit"') && line.includes(`"${failpoint}"`)).length;
}

export function failpoints(rules: string): Environment {
  return { NERVE_FAILPOINTS: rules };
}

function savepointsOf(prefix: string): string {
  return `${prefix}.savepoints`;
}

function topicsOf(prefix: string): { readonly input: string; readonly output: string } {
  return { input: `${prefix}.numbers`, output: `${prefix}.counts` };
}

function brokersOf(options: ChaosOptions): string {
  return options.brokers ?? process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';
}

function configurationOf(prefix: string, relay: S3Relay, brokers: string): Record<string, string> {
  return {
    'kafka.bootstrap.servers': brokers,
    'high-availability.cluster-id': prefix,
    'state.checkpoints.dir': `s3://${BUCKET}/${prefix}`,
    's3.endpoint': relay.endpoint,
    's3.access-key': S3.accessKey,
    's3.secret-key': S3.secretKey,
    's3.region': S3.region,
    'execution.checkpointing.interval': '250ms',
    'execution.checkpointing.timeout': '8s',
    'heartbeat.interval': '500ms',
    'heartbeat.timeout': '4s',
    'restart-strategy.exponential-delay.initial-backoff': '50ms',
    'restart-strategy.exponential-delay.max-backoff': '300ms',
  };
}

function storeAt(prefix: string): MinioSnapshotStore {
  return new MinioSnapshotStore({ ...S3, bucket: BUCKET, prefix: prefix === '' ? '' : `${prefix}/` }, seededRandom(1));
}

async function listed(folder: string): Promise<readonly ObjectInfo[]> {
  const store = storeAt(folder);
  try {
    const found: ObjectInfo[] = [];
    for await (const object of store.list('', call)) {
      found.push(object);
    }
    return found;
  } finally {
    await store.close();
  }
}

async function clear(folder: string): Promise<void> {
  const store = storeAt(folder);
  for (const { key } of await listed(folder)) {
    await store.delete(key, call);
  }
  await store.close();
}

async function makeBucket(): Promise<void> {
  const store = storeAt('');
  await store.ensureBucket(call);
  await store.close();
}
