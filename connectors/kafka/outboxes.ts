import type { Clock } from '../../shared/clock/clock.ts';
import type { OutputRecord } from '../../shared/connector/records.ts';
import { BuilderPool, Outbox } from './outbox.ts';
import type { BatchSeal } from './record-batch-encode.ts';

/** No batch gets smaller than this when a topic accepts only small ones. */
const BATCH_BYTES_MIN = 1_024;

/** A little less than the hour that brokers allow: their clocks differ from ours. */
const AHEAD_MS_MAX = 3_300_000;

export interface BatchPolicy {
  readonly maxBatchBytes: number;
  readonly lingerMs: number;
}

/**
 * The outboxes of a writer, what they hold, and which of them are due.
 *
 * I1  Records are written into sections, one after the other; a batch holds records of one section. A flush waits for the sections
 *     up to the one that it closed, whatever is written meanwhile, and a transaction consists of whole sections.
 */
export class Outboxes {
  readonly #policy: BatchPolicy;
  readonly #pool: BuilderPool;
  readonly #byTopic = new Map<string, Map<number, Outbox>>();
  /** Those that are not empty. */
  readonly #busy = new Set<Outbox>();
  /** Topics that accept only smaller batches than the policy's. */
  readonly #batchBytesMax = new Map<string, number>();
  #heldBytes = 0;
  /** The section that is written to. */
  #section = 0;
  /** Sections up to this one do not linger. */
  #flushUpTo = -1;
  /** Sections behind this one do not leave. */
  sendUpTo = Number.POSITIVE_INFINITY;

  constructor(policy: BatchPolicy) {
    this.#policy = policy;
    this.#pool = new BuilderPool(policy.maxBatchBytes * 4);
  }

  /** Bytes written and not yet acknowledged. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get busy(): ReadonlySet<Outbox> {
    return this.#busy;
  }

  /** Begins a new section; returns the one that is complete now, which is sent without lingering. */
  closeSection(): number {
    this.#flushUpTo = this.#section;
    this.#section += 1;
    return this.#flushUpTo;
  }

  get section(): number {
    return this.#section;
  }

  /** True when nothing of a section, or of one before it, is left. */
  isFlushed(section: number): boolean {
    for (const outbox of this.#busy) {
      if ((outbox.oldestSection ?? section + 1) <= section) {
        return false;
      }
    }
    return true;
  }

  of(topic: string, partition: number): Outbox {
    let ofTopic = this.#byTopic.get(topic);
    if (ofTopic === undefined) {
      ofTopic = new Map();
      this.#byTopic.set(topic, ofTopic);
    }
    let outbox = ofTopic.get(partition);
    if (outbox === undefined) {
      outbox = new Outbox(topic, partition, this.#pool);
      ofTopic.set(partition, outbox);
    }
    return outbox;
  }

  /**
   * Returns true when it completed a batch that may leave at once. `section`: the one it was written in, when it waited elsewhere;
   * no record of a later one may have been added for its topic.
   */
  add(record: OutputRecord, partition: number, clock: Clock, section = this.#section): boolean {
    const outbox = this.of(record.topic, partition);
    const batchBytesMax = this.#limitOf(record.topic);
    this.#heldBytes += outbox.append(record, timestampOf(record, clock.nowMs()), { batchBytesMax, section, clock });
    this.#busy.add(outbox);
    return section <= this.#flushUpTo || (outbox.inFlight === undefined && outbox.hasFull(batchBytesMax));
  }

  /** True when the next batch of the outbox has to wait for the end of a section before it. */
  isHeld(outbox: Outbox): boolean {
    return (outbox.oldestSection ?? 0) > this.sendUpTo;
  }

  /** True when a batch of the outbox may leave now; `hasLingered` says that the wait for more is over for all of them. */
  isDue(outbox: Outbox, nowMs: number, hasLingered: boolean): boolean {
    if (outbox.inFlight !== undefined) {
      return outbox.isRetryDue;
    }
    if (this.isHeld(outbox)) {
      return false;
    }
    if (hasLingered || (outbox.oldestSection ?? 0) <= this.#flushUpTo || outbox.hasFull(this.#limitOf(outbox.topic))) {
      return true;
    }
    // A timer may fire a fraction of a millisecond early.
    return nowMs - (outbox.waitingSinceMs ?? nowMs) >= this.#policy.lingerMs - 1;
  }

  /** The batch in flight is in the log; returns how many records that were. */
  acknowledge(outbox: Outbox, nowMs: number): number {
    const { records, bytes } = outbox.acknowledge(nowMs);
    this.#heldBytes -= bytes;
    if (outbox.isEmpty) {
      this.#busy.delete(outbox);
    }
    return records;
  }

  /** The batch in flight, of `sentBytes`, is too large: halves it, and later ones are smaller. False: it is one record. */
  split(outbox: Outbox, sentBytes: number, seal: Omit<BatchSeal, 'producer'>): boolean {
    const added = outbox.split(seal);
    if (added === undefined) {
      return false;
    }
    this.#heldBytes += added;
    const smaller = Math.max(BATCH_BYTES_MIN, Math.floor(sentBytes / 2));
    this.#batchBytesMax.set(outbox.topic, Math.min(this.#limitOf(outbox.topic), smaller));
    outbox.isRetryDue = true;
    return true;
  }

  #limitOf(topic: string): number {
    return this.#batchBytesMax.get(topic) ?? this.#policy.maxBatchBytes;
  }
}

/**
 * A time that a broker would refuse (negative, no number, or further ahead than Kafka 4's `message.timestamp.after.max.ms`
 * of one hour) becomes the time of writing: a sender's wrong clock must not stop a job.
 */
function timestampOf({ timestampMs }: OutputRecord, nowMs: number): number {
  return timestampMs !== undefined && timestampMs >= 0 && timestampMs <= nowMs + AHEAD_MS_MAX
    ? Math.trunc(timestampMs)
    : nowMs;
}
