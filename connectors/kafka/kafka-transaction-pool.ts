import type { Clock } from '../../shared/clock/clock.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { deliveryTimeout, transactionPoolExhausted, writerFenced } from './broker-failures.ts';
import { raceAbort } from './kafka-abort.ts';
import type { KafkaCoordinators } from './kafka-coordinators.ts';
import { initTransactionalId } from './kafka-transactions.ts';
import type { Initialisation } from './transaction-ids.ts';
import { IDS_AHEAD, TransactionIds } from './transaction-ids.ts';
import type { TransactionOwner } from './transaction-requests.ts';

const PAUSE_MIN_MS = 10;
const PAUSE_MAX_MS = 1_000;

export interface TransactionPoolDeps {
  readonly coordinators: KafkaCoordinators;
  readonly transactionalIds: readonly string[];
  readonly transactionTimeoutMs: number;
  /** How long brokers that do not answer are asked. */
  readonly deliveryTimeoutMs: number;
  readonly clock: Clock;
  /** An id can be taken now. */
  readonly onReady: () => void;
  readonly onFailure: (failure: Failure) => void;
}

/**
 * Keeps transactional ids initialised ahead of need, beside the writer. See `TransactionIds` for who may be given out when.
 *
 * I1  An id that nobody of this attempt has asked for must come with epoch 0. Another epoch says that the attempt was abandoned
 *     before this writer asked (a process that was frozen and woke up): then it must not write, since nobody would end what
 *     it begins.
 * I2  An id that has served is asked for as the one that it was: the broker refuses when the attempt was abandoned since.
 */
export class KafkaTransactionPool {
  readonly #deps: TransactionPoolDeps;
  readonly #ids: TransactionIds;
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  readonly #onChange: (() => void)[] = [];
  #failure: Failure | undefined;

  constructor(deps: TransactionPoolDeps) {
    this.#deps = deps;
    this.#ids = new TransactionIds(deps.transactionalIds);
  }

  /** Resolves when some ids are ready. Throws the failure that stands in the way. */
  async open(signal: AbortSignal): Promise<void> {
    const wanted = Math.min(IDS_AHEAD, this.#deps.transactionalIds.length);
    this.#fill();
    while (this.#ids.readyCount < wanted && this.#failure === undefined) {
      await raceAbort(
        new Promise<void>((resolve) => {
          this.#onChange.push(resolve);
        }),
        signal,
      );
    }
    if (this.#failure !== undefined) {
      throw new StreamError(this.#failure);
    }
  }

  /** Undefined: none is ready yet (`onReady` tells), or none will be, which is a failure. */
  take(): TransactionOwner | undefined {
    const taken = this.#ids.take();
    this.#fill();
    if (taken.kind === 'exhausted') {
      this.#fail(transactionPoolExhausted(this.#deps.transactionalIds.length, this.#ids.retiredCount));
    }
    return taken.kind === 'taken' ? taken.owner : undefined;
  }

  prepared(transactionalId: string, checkpoint: CheckpointId): void {
    this.#ids.prepared(transactionalId, checkpoint);
  }

  committed(checkpoint: CheckpointId): void {
    this.#ids.committed(checkpoint);
    this.#fill();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  #fill(): void {
    while (!this.#stop.signal.aborted) {
      const next = this.#ids.beginNext();
      if (next === undefined) {
        return;
      }
      const work = this.#initialise(next).finally(() => {
        this.#running.delete(work);
      });
      this.#running.add(work);
    }
  }

  /** Ends when the id is ready or retired, and on failure. Never rejects but on a bug. */
  async #initialise({ transactionalId, current }: Initialisation): Promise<void> {
    const { coordinators, clock, transactionTimeoutMs, deliveryTimeoutMs } = this.#deps;
    const { signal } = this.#stop;
    const startedMs = clock.monotonicMs();
    const init = { transactionalId, timeoutMs: transactionTimeoutMs, current };
    for (let pauseMs = PAUSE_MIN_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
      const outcome = await unlessAborted(initTransactionalId(coordinators, init, signal), signal);
      if (outcome === undefined) {
        return;
      }
      switch (outcome.kind) {
        case 'initialised':
          this.#onInitialised(outcome.owner, current === undefined);
          return;
        case 'unknown':
          this.#ids.retire(transactionalId);
          await clock.sleep(pauseMs, signal);
          this.#fill();
          return;
        case 'refused':
          this.#fail(outcome.failure);
          return;
        case 'not-done':
          if (outcome.failure.reaction !== 'retry') {
            this.#fail(outcome.failure);
            return;
          }
          if (clock.monotonicMs() - startedMs > deliveryTimeoutMs) {
            this.#fail(deliveryTimeout(`Transactional id "${transactionalId}"`, deliveryTimeoutMs, outcome.failure));
            return;
          }
          await clock.sleep(pauseMs, signal);
      }
    }
  }

  #onInitialised(owner: TransactionOwner, isFirst: boolean): void {
    if (isFirst && owner.producerEpoch !== 0) {
      this.#fail(writerFenced(owner.transactionalId));
      return;
    }
    this.#ids.onInitialised(owner);
    this.#tell();
    this.#deps.onReady();
  }

  #fail(failure: Failure): void {
    if (!this.#stop.signal.aborted) {
      this.#failure = failure;
      this.#stop.abort();
      this.#tell();
      this.#deps.onFailure(failure);
    }
  }

  #tell(): void {
    for (const tell of this.#onChange.splice(0)) {
      tell();
    }
  }
}

/** Undefined instead of a rejection once the signal has aborted. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal.aborted) {
      return undefined;
    }
    throw error;
  }
}
