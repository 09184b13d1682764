import type { PreparedOutput } from '../../shared/connector/sink.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { classifyUnknown, isAbort } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import type { BatchIdentities } from './batch-identities.ts';
import { brokerRefusal, deliveryTimeout, writerFenced } from './broker-failures.ts';
import { formatCommittable } from './committable.ts';
import { errorOf, INVALID_PRODUCER_EPOCH, PRODUCER_FENCED } from './error-codes.ts';
import type { TransactionPoolDeps } from './kafka-transaction-pool.ts';
import { KafkaTransactionPool } from './kafka-transaction-pool.ts';
import { askCoordinator, refusal } from './kafka-transactions.ts';
import { OpenTransaction } from './open-transaction.ts';
import { ProducerIdentity } from './producer-identity.ts';
import type { AddedPartition, TransactionPartition } from './transaction-requests.ts';
import { addPartitionsRequest, parseAddPartitions } from './transaction-requests.ts';

const PAUSE_MIN_MS = 5;
const PAUSE_MAX_MS = 1_000;

/**
 * Sends within transactions, one after the other (DESIGN §8.2, §8.3).
 *
 * I1  `finish` gives the open transaction away; from then on nothing is sent, asked or added under its (id, epoch), here or anywhere
 *     else in this process. The caller has awaited the answer to every batch before.
 * I2  The next transaction is taken from the pool when its first batch is due: one that would stay empty is never begun.
 */
export class KafkaTransactionalProducer implements BatchIdentities {
  readonly #deps: TransactionPoolDeps;
  readonly #pool: KafkaTransactionPool;
  readonly #stop = new AbortController();
  #open: OpenTransaction | undefined;
  #adding: Promise<void> | undefined;

  constructor(deps: TransactionPoolDeps) {
    this.#deps = deps;
    this.#pool = new KafkaTransactionPool(deps);
  }

  async open(signal: AbortSignal): Promise<void> {
    await this.#pool.open(signal);
  }

  identityFor(to: TransactionPartition): ProducerIdentity | undefined {
    if (this.#stop.signal.aborted) {
      return undefined;
    }
    this.#open ??= this.#takeNext();
    if (this.#open === undefined) {
      return undefined;
    }
    if (this.#open.admits(to)) {
      return this.#open.identity;
    }
    this.#adding ??= this.#addWanted(this.#open).finally(() => {
      this.#adding = undefined;
      this.#deps.onReady();
    });
    return undefined;
  }

  onAcknowledged(to: TransactionPartition, baseOffset: bigint, records: number): void {
    this.#open?.onAcknowledged(to, baseOffset, records);
  }

  /** What was sent since the last time, ready to be committed; undefined: nothing was. Every batch must have been answered. */
  finish(checkpoint: CheckpointId): PreparedOutput | undefined {
    const open = this.#open;
    if (open?.beganAtMs === undefined) {
      return undefined;
    }
    this.#open = undefined;
    this.#pool.prepared(open.owner.transactionalId, checkpoint);
    return {
      committable: formatCommittable(open.committable()),
      beganAtMs: open.beganAtMs,
      timeoutMs: this.#deps.transactionTimeoutMs,
    };
  }

  committed(checkpoint: CheckpointId): void {
    this.#pool.committed(checkpoint);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#pool.close(), this.#adding]);
  }

  #takeNext(): OpenTransaction | undefined {
    const owner = this.#pool.take();
    if (owner === undefined) {
      return undefined;
    }
    return new OpenTransaction(
      owner,
      new ProducerIdentity(owner.producerId, owner.producerEpoch, owner.transactionalId),
    );
  }

  /** Asks until no partition is wanted. Never rejects but on a bug. */
  async #addWanted(open: OpenTransaction): Promise<void> {
    const { clock, deliveryTimeoutMs } = this.#deps;
    const { signal } = this.#stop;
    const startedMs = clock.monotonicMs();
    // Whatever is due in this turn travels in one request.
    await Promise.resolve();
    for (let pauseMs = PAUSE_MIN_MS; open.wanted.length > 0 && !signal.aborted;) {
      const failure = await this.#addOnce(open);
      if (failure === undefined) {
        this.#deps.onReady();
        continue;
      }
      if (failure.reaction !== 'retry') {
        this.#fail(failure);
      } else if (clock.monotonicMs() - startedMs > deliveryTimeoutMs) {
        this.#fail(deliveryTimeout(`Transaction "${open.owner.transactionalId}"`, deliveryTimeoutMs, failure));
      }
      await clock.sleep(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS);
    }
  }

  async #addOnce(open: OpenTransaction): Promise<Failure | undefined> {
    const { coordinators, clock } = this.#deps;
    const { owner, wanted } = open;
    const { signal } = this.#stop;
    open.begin(clock.monotonicMs());
    try {
      const request = addPartitionsRequest(owner, wanted);
      const asked = await askCoordinator(coordinators, owner.transactionalId, request, signal);
      if (asked.kind !== 'answered') {
        return asked.failure;
      }
      let failure: Failure | undefined;
      for (const answer of parseAddPartitions(asked.answer)) {
        if (answer.errorCode === 0) {
          open.onAdded(answer);
        } else {
          failure = moreTelling(failure, this.#refusalOf(answer, owner.transactionalId));
        }
      }
      return failure;
    } catch (error) {
      return isAbort(error) ? undefined : classifyUnknown(error, 'Kafka transactions');
    }
  }

  #refusalOf({ topic, partition, errorCode }: AddedPartition, transactionalId: string): Failure {
    const { coordinators } = this.#deps;
    if (errorCode === PRODUCER_FENCED || errorCode === INVALID_PRODUCER_EPOCH) {
      return writerFenced(transactionalId);
    }
    return errorOf(errorCode).class === 'retry'
      ? refusal(coordinators, errorCode, 'Adding a partition to', transactionalId)
      : brokerRefusal(
          errorCode,
          `Adding partition ${partition} to a transaction, of`,
          topic,
          coordinators.client.brokers,
        );
  }

  #fail(failure: Failure): void {
    if (!this.#stop.signal.aborted) {
      this.#stop.abort();
      this.#deps.onFailure(failure);
    }
  }
}

/** OPERATION_NOT_ATTEMPTED stands beside the refusal of another partition, which says why. */
function moreTelling(known: Failure | undefined, next: Failure): Failure {
  return known === undefined || next.reaction !== 'retry' ? next : known;
}
