import type { KafkaCommittable } from './committable.ts';
import type { ProducerIdentity } from './producer-identity.ts';
import type { TransactionOwner, TransactionPartition } from './transaction-requests.ts';

interface Added {
  readonly topic: string;
  readonly partition: number;
  first: bigint;
  last: bigint;
}

/**
 * A transaction that a writer has open, or has not yet begun.
 *
 * I1  It begins, for the broker too, with the first request that adds a partition; before that the id has carried nothing.
 * I2  A batch of a partition may be sent once the broker has said that the partition is added.
 */
export class OpenTransaction {
  readonly owner: TransactionOwner;
  readonly identity: ProducerIdentity;
  readonly #wanted = new Map<string, TransactionPartition>();
  readonly #added = new Map<string, Added>();
  #beganAtMs: number | undefined;

  constructor(owner: TransactionOwner, identity: ProducerIdentity) {
    this.owner = owner;
    this.identity = identity;
  }

  /** Monotonic milliseconds; undefined: nothing was sent (I1). */
  get beganAtMs(): number | undefined {
    return this.#beganAtMs;
  }

  get wanted(): readonly TransactionPartition[] {
    return [...this.#wanted.values()];
  }

  /** True when a batch may be sent (I2); otherwise the partition is wanted from now on. */
  admits(to: TransactionPartition): boolean {
    const name = nameOf(to);
    if (this.#added.has(name)) {
      return true;
    }
    if (!this.#wanted.has(name)) {
      this.#wanted.set(name, { topic: to.topic, partition: to.partition });
    }
    return false;
  }

  /** A request that adds partitions is about to leave. */
  begin(nowMs: number): void {
    this.#beganAtMs ??= nowMs;
  }

  onAdded({ topic, partition }: TransactionPartition): void {
    const name = nameOf({ topic, partition });
    this.#wanted.delete(name);
    this.#added.set(name, { topic, partition, first: -1n, last: -1n });
  }

  onAcknowledged(to: TransactionPartition, baseOffset: bigint, records: number): void {
    const added = this.#added.get(nameOf(to));
    if (added !== undefined && baseOffset >= 0n) {
      added.first = added.first < 0n ? baseOffset : added.first;
      added.last = baseOffset + BigInt(records) - 1n;
    }
  }

  committable(): KafkaCommittable {
    const partitions = [...this.#added.values()].map(({ topic, partition, first, last }) => ({
      topic,
      partition,
      firstOffset: first,
      lastOffset: last,
    }));
    return { ...this.owner, partitions };
  }
}

function nameOf({ topic, partition }: TransactionPartition): string {
  return `${topic}-${partition}`;
}
