import type { OutputRecord } from '../../shared/connector/records.ts';
import { partitionOfText } from './murmur2.ts';

/** Records without a key go to one partition for this many bytes, then to the next: large batches, even load. */
const STICKY_BYTES = 262_144;

interface Sticky {
  partition: number;
  bytes: number;
  count: number;
}

/** Chooses partitions as Kafka's default partitioner does: by key where there is one, else sticky (KIP-480). */
export class Partitioner {
  readonly #first: number;
  readonly #topics = new Map<string, Sticky>();

  /** `first`: where this writer begins, so that the subtasks of a sink do not all begin at the same partition. */
  constructor(first: number) {
    this.#first = first;
  }

  choose({ topic, key, value }: OutputRecord, partitionCount: number): number {
    let state = this.#topics.get(topic);
    if (state === undefined) {
      state = { partition: this.#first % partitionCount, bytes: 0, count: partitionCount };
      this.#topics.set(topic, state);
    }
    state.count = partitionCount;
    if (key !== undefined) {
      return partitionCount === 1 ? 0 : partitionOfText(key, partitionCount);
    }
    state.bytes += value.length;
    if (state.bytes > STICKY_BYTES || state.partition >= partitionCount) {
      state.bytes = value.length;
      state.partition = (state.partition + 1) % partitionCount;
    }
    return state.partition;
  }

  /** How many partitions a topic had when it was last chosen from: leadership is in motion, the number is not. */
  lastCount(topic: string): number | undefined {
    return this.#topics.get(topic)?.count;
  }

  topics(): readonly string[] {
    return [...this.#topics.keys()];
  }
}
