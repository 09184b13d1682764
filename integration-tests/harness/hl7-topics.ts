import { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { generatedFeed } from '../../jobs/hl7-pipeline/generate/generated-feed.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import { seededRandom } from '../../shared/random/random.ts';
import { traceLineage } from './kafka-lineage.ts';
import type { Lineage } from './kafka-lineage.ts';

const KINDS = ['adt', 'oru', 'orm', 'dft', 'mdm', 'other', 'dlq'] as const;

/** The topics of one scenario, under a prefix of its own so that scenarios do not meet. */
export class Hl7Topics {
  readonly prefix: string;
  readonly admin: KafkaAdmin;

  private constructor(prefix: string, admin: KafkaAdmin) {
    this.prefix = prefix;
    this.admin = admin;
  }

  static async create(name: string, partitions: number, maxMessageBytes = 1_048_588): Promise<Hl7Topics> {
    const brokers = process.env['KAFKA_BROKERS'] ?? '127.0.0.1:19092';
    const admin = new KafkaAdmin(new Map([['kafka.bootstrap.servers', brokers]]), silentLogger);
    const topics = new Hl7Topics(`${name}-${Date.now().toString(36)}.`, admin);
    const config = { 'max.message.bytes': String(maxMessageBytes) };
    await admin.createTopics(
      [
        { topic: topics.input, partitions, config },
        ...[...topics.outputs, topics.encounters].map((topic) => ({ topic, partitions: 2, config })),
      ],
      AbortSignal.timeout(60_000),
    );
    return topics;
  }

  get input(): string {
    return `${this.prefix}raw`;
  }

  /** Of these each input message is in exactly one, but for resends. */
  get outputs(): readonly string[] {
    return KINDS.map((kind) => `${this.prefix}${kind}`);
  }

  /** A record for each change of a visit. */
  get encounters(): string {
    return `${this.prefix}encounters`;
  }

  /** The same, and the topic of what is written beside the messages: one word for each change of a visit. */
  get all(): readonly string[] {
    return [...this.outputs, `${this.prefix}encounters`];
  }

  get jobArguments(): readonly string[] {
    return ['--input-topic', this.input, '--output-prefix', this.prefix];
  }

  /** Writes messages `from` to `from + count` of the seeded feed. */
  async load(count: number, from = 0): Promise<void> {
    await this.write(feed(count, from));
  }

  async write(values: Iterable<Buffer>): Promise<void> {
    const { input } = this;
    function* records(): Generator<{ topic: string; key: undefined; value: Buffer; headers: Record<string, never> }> {
      for (const value of values) {
        yield { topic: input, key: undefined, value, headers: {} };
      }
    }
    await this.admin.produce(records(), AbortSignal.timeout(120_000), { maxRecordBytes: 32 * 1024 * 1024 });
  }

  async lineage(): Promise<Lineage> {
    return await traceLineage(this.admin, this.input, this.outputs);
  }

  /** Records in all output topics together. */
  async written(): Promise<number> {
    const ends = await Promise.all(
      this.outputs.map(async (topic) => await this.admin.endOffsets(topic, AbortSignal.timeout(10_000))),
    );
    return ends.flat().reduce((sum, end) => sum + Number(end), 0);
  }

  async close(): Promise<void> {
    await this.admin.deleteTopics([this.input, ...this.outputs, this.encounters], AbortSignal.timeout(30_000));
    await this.admin.close();
  }
}

function* feed(count: number, from: number): Generator<Buffer> {
  const next = generatedFeed(1);
  for (let index = from; index < from + count; index += 1) {
    yield next(index, seededRandom(index)).value;
  }
}
