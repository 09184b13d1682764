import type { Partitioning } from '../../shared/graph/logical-graph.ts';
import { unreachable } from '../../shared/invariant.ts';
import { subtaskOfKey } from '../../shared/keygroups/key-groups.ts';
import { KeyBytes } from './key-bytes.ts';

/** To all consumer subtasks. */
export const EVERY_CHANNEL = -1;

/**
 * Chooses the consumer subtask of each record.
 *
 *   forward     the one channel
 *   hash        the owner of the key's key group (shared/keygroups); `keyBytes` then holds the key, until the next call
 *   rebalance   one after the other, beginning at the producer's own index, so that producers do not all begin at 0
 *   broadcast   EVERY_CHANNEL
 */
export interface Partitioner {
  /** Index into the edge's channels, or EVERY_CHANNEL. @throws what the key selector throws */
  channelOf(value: unknown): number;
  readonly keyBytes: Buffer | undefined;
}

export interface PartitionerOptions {
  readonly partitioning: Partitioning;
  readonly producer: number;
  readonly channelCount: number;
  readonly maxParallelism: number;
}

export function makePartitioner(options: PartitionerOptions): Partitioner {
  const { partitioning } = options;
  switch (partitioning.kind) {
    case 'forward':
      return { channelOf: () => 0, keyBytes: undefined };
    case 'broadcast':
      return { channelOf: () => EVERY_CHANNEL, keyBytes: undefined };
    case 'rebalance':
      return new RebalancePartitioner(options);
    case 'hash':
      return new HashPartitioner(partitioning.key, options);
    default:
      return unreachable(partitioning);
  }
}

class RebalancePartitioner implements Partitioner {
  readonly #channelCount: number;
  readonly keyBytes = undefined;
  #next: number;

  constructor(options: PartitionerOptions) {
    this.#channelCount = options.channelCount;
    this.#next = options.producer % options.channelCount;
  }

  channelOf(): number {
    const channel = this.#next;
    this.#next = channel + 1 === this.#channelCount ? 0 : channel + 1;
    return channel;
  }
}

class HashPartitioner implements Partitioner {
  readonly #key: (value: unknown) => string;
  readonly #channelCount: number;
  readonly #maxParallelism: number;
  readonly #bytes = new KeyBytes();
  keyBytes: Buffer | undefined;

  constructor(key: (value: unknown) => string, options: PartitionerOptions) {
    this.#key = key;
    this.#channelCount = options.channelCount;
    this.#maxParallelism = options.maxParallelism;
  }

  channelOf(value: unknown): number {
    const bytes = this.#bytes.of(this.#key(value));
    this.keyBytes = bytes;
    return subtaskOfKey(bytes, this.#channelCount, this.#maxParallelism);
  }
}
