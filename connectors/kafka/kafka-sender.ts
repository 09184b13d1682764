import type { Clock } from '../../shared/clock/clock.ts';
import type { OutputRecord } from '../../shared/connector/records.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { BatchIdentities } from './batch-identities.ts';
import { brokerRefusal, deliveryTimeout, noLeader, recordTooLarge } from './broker-failures.ts';
import { errorOf, MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE } from './error-codes.ts';
import type { KafkaClient } from './kafka-client.ts';
import { searchLeaders } from './kafka-leader-search.ts';
import { codecOf } from './node-compression.ts';
import { crc32c } from './node-crc32c.ts';
import type { CheckedSink } from './options.ts';
import type { Batch, Outbox } from './outbox.ts';
import { Outboxes } from './outboxes.ts';
import type { ProducedPartition } from './produce-request.ts';
import { parseProduce, produceRequest } from './produce-request.ts';
import type { ProducerIdentity } from './producer-identity.ts';

/** Requests on their way to one broker; more only wait in its queue. */
const REQUESTS_IN_FLIGHT_MAX = 5;
/** Well below a broker's socket.request.max.bytes (100 MB). */
const REQUEST_BYTES_MAX = 16_000_000;
/** How long a broker waits for its replicas before it answers REQUEST_TIMED_OUT. */
const REPLICATION_TIMEOUT_MS = 10_000;
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 1_000;
export interface SenderEvents {
  /** Bytes were acknowledged: there is room again. */
  onProgress(): void;
  onSent(topic: string, records: number, bytes: number): void;
  onSendError(records: number): void;
  /** Called once; nothing is sent any more. */
  onFailure(failure: Failure): void;
}

export interface SenderDeps {
  readonly client: KafkaClient;
  readonly identities: BatchIdentities;
  readonly options: CheckedSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: SenderEvents;
}

interface Sent {
  readonly outbox: Outbox;
  readonly batch: Batch;
  readonly bytes: Buffer;
}

/**
 * Takes records per partition, and sends them in batches: full ones at once, others when they have waited `lingerMs`.
 *
 * I1  Order per partition and no duplicates by retries: see `Outbox` and `ProducerIdentity`.
 * I2  A batch leaves memory when the broker acknowledged it, never before; a batch that cannot be delivered ends in `onFailure`.
 * I3  Nothing is retried without end: a partition without progress for `deliveryTimeoutMs` is a failure.
 */
export class KafkaSender {
  readonly #deps: SenderDeps;
  readonly #codec;
  readonly #outboxes: Outboxes;
  readonly #requests = new Map<number, number>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #isPumpDue = false;
  #timer: NodeJS.Timeout | undefined;
  #lookup: Promise<void> | undefined;
  #latencyMs = 0;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#outboxes = new Outboxes(deps.options);
    this.#codec = codecOf(deps.options.compression);
  }

  get bufferedBytes(): number {
    return this.#outboxes.heldBytes;
  }

  get latencyMs(): number {
    return this.#latencyMs;
  }

  /** The section that `add` writes to; see `Outboxes`. */
  get section(): number {
    return this.#outboxes.section;
  }

  /** `section`: the one in which the record was written, when it had to wait for its topic. */
  add(record: OutputRecord, partition: number, section?: number): void {
    if (this.#outboxes.add(record, partition, this.#deps.clock, section)) {
      this.#pumpSoon();
    } else {
      this.#pumpLater();
    }
  }

  /** Begins a new section. The one before, which is returned, is sent without lingering; `isFlushed` says when it is through. */
  closeSection(): number {
    const section = this.#outboxes.closeSection();
    this.#pumpSoon();
    return section;
  }

  isFlushed(section: number): boolean {
    return this.#outboxes.isFlushed(section);
  }

  /** Sends nothing of later sections until `release`. */
  holdBehind(section: number): void {
    this.#outboxes.sendUpTo = section;
  }

  release(): void {
    this.#outboxes.sendUpTo = Number.POSITIVE_INFINITY;
    this.#pumpSoon();
  }

  /** What waited for its identity may have one now. */
  onIdentity(): void {
    this.#pumpSoon();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await Promise.all([...this.#running, this.#lookup]);
  }

  /** At the end of this turn of the event loop, so that what is written in one turn travels together. */
  #pumpSoon(): void {
    if (!this.#isPumpDue) {
      this.#isPumpDue = true;
      setImmediate(() => {
        this.#isPumpDue = false;
        this.#pump();
      });
    }
  }

  #pumpLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#pump(true);
    }, this.#deps.options.lingerMs);
  }

  /** `hasLingered`: the timer ran out. Whatever waits goes then, also what came later: one request takes them all. */
  #pump(hasLingered = false): void {
    try {
      this.#sendDue(hasLingered);
    } catch (error) {
      this.#fail(classifyUnknown(error, 'Kafka writer'));
    }
  }

  /** Sends everything that is due and may be sent. */
  #sendDue(hasLingered: boolean): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    const now = this.#deps.clock.monotonicMs();
    const byLeader = new Map<number, Outbox[]>();
    let identity: ProducerIdentity | undefined;
    let isLingering = false;
    for (const outbox of this.#outboxes.busy) {
      if (!this.#outboxes.isDue(outbox, now, hasLingered)) {
        isLingering ||= outbox.inFlight === undefined && !this.#outboxes.isHeld(outbox);
        continue;
      }
      const leader = this.#deps.client.leaderOf(outbox.topic, outbox.partition);
      if (leader === undefined) {
        this.#findLeaders();
        continue;
      }
      const granted = this.#deps.identities.identityFor(outbox);
      if (granted === undefined) {
        continue;
      }
      identity = granted;
      const known = byLeader.get(leader);
      if (known === undefined) {
        byLeader.set(leader, [outbox]);
      } else {
        known.push(outbox);
      }
    }
    if (identity !== undefined) {
      for (const [leader, due] of byLeader) {
        this.#sendTo(leader, due, identity);
      }
    }
    if (isLingering) {
      this.#pumpLater();
    }
  }

  #sendTo(leader: number, due: readonly Outbox[], identity: ProducerIdentity): void {
    let sent: Sent[] = [];
    let requestBytes = 0;
    for (const outbox of due) {
      if ((this.#requests.get(leader) ?? 0) >= REQUESTS_IN_FLIGHT_MAX) {
        break;
      }
      const batch = outbox.next(identity, { codec: this.#codec, crc32c });
      if (batch?.sealed === undefined) {
        continue;
      }
      outbox.isRetryDue = false;
      sent.push({ outbox, batch, bytes: batch.sealed.bytes });
      requestBytes += batch.sealed.bytes.length;
      if (requestBytes >= REQUEST_BYTES_MAX) {
        this.#start(this.#request(leader, sent, identity));
        sent = [];
        requestBytes = 0;
      }
    }
    if (sent.length > 0) {
      this.#start(this.#request(leader, sent, identity));
    }
  }

  #start(work: Promise<void>): void {
    const tracked = work.finally(() => {
      this.#running.delete(tracked);
    });
    this.#running.add(tracked);
  }

  /** One request and what its answer means; never rejects. */
  async #request(leader: number, sent: readonly Sent[], { transactionalId }: ProducerIdentity): Promise<void> {
    const { client, clock } = this.#deps;
    const batches = sent.map(({ outbox, bytes }) => ({
      topic: outbox.topic,
      partition: outbox.partition,
      batch: bytes,
    }));
    this.#requests.set(leader, (this.#requests.get(leader) ?? 0) + 1);
    const sentMs = clock.monotonicMs();
    try {
      const request = produceRequest(batches, transactionalId, REPLICATION_TIMEOUT_MS);
      const answer = parseProduce(await client.send(leader, request, this.#stop.signal));
      this.#latencyMs = clock.monotonicMs() - sentMs;
      const byName = new Map(answer.partitions.map((each) => [`${each.topic}-${each.partition}`, each]));
      for (const each of sent) {
        this.#settle(each, byName.get(each.outbox.name));
      }
    } catch (error) {
      this.#onRequestError(error, sent);
    } finally {
      this.#requests.set(leader, (this.#requests.get(leader) ?? 1) - 1);
      if (this.#outboxes.busy.size > 0) {
        this.#pumpSoon();
      }
    }
  }

  #onRequestError(error: unknown, sent: readonly Sent[]): void {
    if (this.#stop.signal.aborted) {
      return;
    }
    const failure = classifyUnknown(error, 'Kafka writer');
    if (failure.reaction !== 'retry') {
      this.#fail(failure);
      return;
    }
    this.#deps.logger.debug('kafka-write-retried', { code: failure.code, text: failure.message });
    for (const each of sent) {
      this.#retry(each, failure);
    }
  }

  #settle(sent: Sent, answer: ProducedPartition | undefined): void {
    const { outbox, batch } = sent;
    const { events, identities, client, clock } = this.#deps;
    const code = answer?.errorCode ?? -1;
    const { class: kind } = errorOf(code);
    if (kind === 'none' || kind === 'done') {
      const records = this.#outboxes.acknowledge(outbox, clock.monotonicMs());
      identities.onAcknowledged(outbox, answer?.baseOffset ?? -1n, records);
      events.onSent(outbox.topic, records, sent.bytes.length);
      events.onProgress();
      return;
    }
    events.onSendError(batch.builder.count);
    if (code === MESSAGE_TOO_LARGE || code === RECORD_LIST_TOO_LARGE) {
      this.#splitOrFail(sent);
    } else if (kind === 'retry') {
      this.#retry(
        sent,
        brokerRefusal(code, `Writing to partition ${outbox.partition} of`, outbox.topic, client.brokers),
      );
    } else {
      this.#fail(brokerRefusal(code, `Writing to partition ${outbox.partition} of`, outbox.topic, client.brokers));
    }
  }

  #splitOrFail({ outbox, batch, bytes }: Sent): void {
    if (!this.#outboxes.split(outbox, bytes.length, { codec: this.#codec, crc32c })) {
      this.#fail(recordTooLarge(outbox.topic, batch.builder.byteLength, undefined));
    }
  }

  /** Sends the same batch again after a pause, as long as it may be (I3). */
  #retry({ outbox }: Sent, failure: Failure): void {
    const { client, clock, options } = this.#deps;
    if (this.#isStalled(outbox)) {
      this.#fail(deliveryTimeout(`A batch for ${outbox.name}`, options.deliveryTimeoutMs, failure));
      return;
    }
    client.forgetLeaders([outbox.topic]);
    outbox.retries += 1;
    const pauseMs = Math.min(BACKOFF_MIN_MS * 2 ** Math.min(outbox.retries - 1, 8), BACKOFF_MAX_MS);
    const pause = clock.sleep(pauseMs, this.#stop.signal).then(() => {
      outbox.isRetryDue = true;
      this.#pumpSoon();
    });
    this.#start(pause);
  }

  #isStalled(outbox: Outbox): boolean {
    return this.#deps.clock.monotonicMs() - outbox.stalledSinceMs > this.#deps.options.deliveryTimeoutMs;
  }

  #findLeaders(): void {
    const { client, clock } = this.#deps;
    const search = {
      client,
      clock,
      waiting: () => [...this.#outboxes.busy],
      mayGoOn: (lost: readonly { topic: string; partition: number }[], failure: Failure | undefined) =>
        this.#maySearchOn(lost, failure),
    };
    this.#lookup ??= searchLeaders(search, this.#stop.signal).finally(() => {
      this.#lookup = undefined;
      this.#pumpSoon();
    });
  }

  #maySearchOn(lost: readonly { topic: string; partition: number }[], failure: Failure | undefined): boolean {
    if (failure !== undefined && failure.reaction !== 'retry') {
      this.#fail(failure);
      return false;
    }
    const stalled = lost.find(({ topic, partition }) => this.#isStalled(this.#outboxes.of(topic, partition)));
    if (stalled === undefined) {
      return true;
    }
    const { client, options } = this.#deps;
    const last = failure ?? noLeader(stalled.topic, stalled.partition, client.brokers);
    this.#fail(deliveryTimeout(`A batch for ${stalled.topic}-${stalled.partition}`, options.deliveryTimeoutMs, last));
    return false;
  }

  #fail(failure: Failure): void {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort();
      this.#deps.events.onFailure(failure);
    }
  }
}
