import type { AbandonedAttempt, Committable, CommitterContext, SinkCommitter } from '../../shared/connector/sink.ts';
import { failpointAsync } from '../../shared/failpoints/failpoint.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { exactlyOnceViolation } from './broker-failures.ts';
import { checkTransactions } from './kafka-check-transactions.ts';
import type { KafkaCommittable } from './committable.ts';
import { parseCommittable } from './committable.ts';
import {
  errorOf,
  INVALID_PRODUCER_EPOCH,
  INVALID_PRODUCER_ID_MAPPING,
  INVALID_TXN_STATE,
  PRODUCER_FENCED,
} from './error-codes.ts';
import { judgeTransaction } from './judge-transaction.ts';
import type { KafkaClient } from './kafka-client.ts';
import { acquireClient, releaseClient } from './kafka-client.ts';
import { KafkaCoordinators } from './kafka-coordinators.ts';
import { forEachLimited } from './kafka-parallel.ts';
import { endpointOf } from './kafka-security.ts';
import { describeTransaction, endTransaction, initTransactionalId, refusal } from './kafka-transactions.ts';
import type { CheckedSink } from './options.ts';
import { idsOfAttempt } from './transactional-id.ts';

const REQUESTS_IN_FLIGHT_MAX = 32;
/** How long brokers in motion are asked before the caller hears of it; it asks again, as long as it takes. */
const BUDGET_MS = 3_000;
const PAUSE_MIN_MS = 5;
const PAUSE_MAX_MS = 200;
/** With these a coordinator says that the (id, epoch) is not what it was; what became of it has to be asked. */
const MOVED_ON: ReadonlySet<number> = new Set([
  INVALID_PRODUCER_EPOCH,
  INVALID_TXN_STATE,
  INVALID_PRODUCER_ID_MAPPING,
  PRODUCER_FENCED,
]);

type Tried = { readonly kind: 'done' } | { readonly kind: 'again'; readonly failure: Failure };
const DONE: Tried = { kind: 'done' };

/**
 * Ends the transactions of a job's writers, from any process (DESIGN §8.6 to §8.8).
 *
 * I1  A commit may be repeated until its id is given out again: the broker answers the same, and a lost answer costs nothing.
 * I2  It must never be repeated after that, since it would commit whatever the id then carries. The coordinator sees to it: what
 *     the marker covers is never committed again, whoever names it (P2 in `coordinator/checkpoints/prepared-output.ts`), and a
 *     writer gives an id out again only when it has heard of the marker. The epoch, which every initialisation raises, is the
 *     second lock: a commit under an old one is refused, not obeyed.
 * I3  A refusal is looked into: committed already, or still open, or lost. What is lost after its checkpoint completed is the one
 *     failure that nothing mends; it is named with partitions and offsets, and never passed over. A leader that was deposed may
 *     meet it wrongly, when its successor has committed and moved on: whoever runs the committer checks its own token first.
 * I4  An attempt is abandoned by taking every id that its writers may have or may yet ask for: what is open is aborted, and a
 *     writer that wakes up finds its ids taken (see `KafkaTransactionPool` I1, I2). New attempts have other ids.
 */
export class KafkaCommitter implements SinkCommitter {
  readonly #options: CheckedSink;
  readonly #context: CommitterContext;
  readonly #client: KafkaClient;
  readonly #coordinators: KafkaCoordinators;

  /** Throws `fail-job` when no brokers are configured. */
  constructor(options: CheckedSink, context: CommitterContext) {
    this.#options = options;
    this.#context = context;
    this.#client = acquireClient(endpointOf(options.brokers, options.security, context.settings), context.logger);
    this.#coordinators = new KafkaCoordinators(this.#client);
  }

  async check(neededMs: number, signal: AbortSignal): Promise<readonly string[]> {
    const { transactionTimeoutMs } = this.#options;
    const sink = { ...this.#context, transactionTimeoutMs, neededMs };
    return await checkTransactions(this.#coordinators, sink, signal);
  }

  async commit(committables: readonly Committable[], signal: AbortSignal): Promise<void> {
    const parsed = committables.map(parseCommittable);
    const errors = await forEachLimited(parsed, REQUESTS_IN_FLIGHT_MAX, async (committable) => {
      await this.#untilDone(async () => await this.#tryCommit(committable, signal), signal);
    });
    throwWorst(errors);
  }

  async abandon({ attempt, parallelism, transactionPool }: AbandonedAttempt, signal: AbortSignal): Promise<void> {
    const ids = idsOfAttempt({ ...this.#context, attempt }, parallelism, transactionPool);
    const errors = await forEachLimited(ids, REQUESTS_IN_FLIGHT_MAX, async (transactionalId) => {
      await this.#untilDone(async () => await this.#tryFence(transactionalId, signal), signal);
    });
    throwWorst(errors);
  }

  async close(): Promise<void> {
    await releaseClient(this.#client);
  }

  /** Repeats what may be repeated. Throws `retry` when it takes long. */
  async #untilDone(attempt: () => Promise<Tried>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const startedMs = clock.monotonicMs();
    for (let pauseMs = PAUSE_MIN_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MAX_MS)) {
      signal.throwIfAborted();
      const tried = await attempt();
      if (tried.kind === 'done') {
        return;
      }
      if (tried.failure.reaction === 'fail-job') {
        throw new StreamError(tried.failure);
      }
      if (clock.monotonicMs() - startedMs > BUDGET_MS) {
        throw new StreamError({ ...tried.failure, reaction: 'retry' });
      }
      await clock.sleep(pauseMs, signal);
    }
  }

  async #tryCommit(committable: KafkaCommittable, signal: AbortSignal): Promise<Tried> {
    await failpointAsync('kafka.before-end-txn');
    const asked = await endTransaction(this.#coordinators, committable, 'commit', signal);
    if (asked.kind !== 'answered') {
      return { kind: 'again', failure: asked.failure };
    }
    if (asked.answer === 0) {
      await failpointAsync('kafka.after-end-txn');
      return DONE;
    }
    if (MOVED_ON.has(asked.answer)) {
      return await this.#lookInto(committable, asked.answer, signal);
    }
    return { kind: 'again', failure: this.#refusal(asked.answer, committable.transactionalId) };
  }

  /** I3 */
  async #lookInto(committable: KafkaCommittable, errorCode: number, signal: AbortSignal): Promise<Tried> {
    const { transactionalId } = committable;
    const asked = await describeTransaction(this.#coordinators, transactionalId, signal);
    if (asked.kind !== 'answered') {
      return { kind: 'again', failure: asked.failure };
    }
    const described = asked.answer;
    if (described === undefined || errorOf(described.errorCode).class === 'retry') {
      return { kind: 'again', failure: this.#refusal(described?.errorCode ?? errorCode, transactionalId) };
    }
    const judgement = judgeTransaction(committable, described);
    if (judgement.kind === 'lost') {
      throw new StreamError(exactlyOnceViolation(committable, judgement.because));
    }
    return judgement.kind === 'committed'
      ? DONE
      : { kind: 'again', failure: this.#refusal(errorCode, transactionalId) };
  }

  /** I4 */
  async #tryFence(transactionalId: string, signal: AbortSignal): Promise<Tried> {
    const timeoutMs = this.#options.transactionTimeoutMs;
    const init = { transactionalId, timeoutMs, current: undefined };
    const outcome = await initTransactionalId(this.#coordinators, init, signal);
    return outcome.kind === 'initialised' ? DONE : { kind: 'again', failure: outcome.failure };
  }

  #refusal(errorCode: number, transactionalId: string): Failure {
    return refusal(this.#coordinators, errorCode, 'Committing', transactionalId);
  }
}

/** A failure that ends the job before one that passes. */
function throwWorst(errors: readonly unknown[]): void {
  const isPassing = (error: unknown): boolean => error instanceof StreamError && error.failure.reaction === 'retry';
  const worst = errors.find((error) => !isPassing(error)) ?? errors[0];
  if (worst !== undefined) {
    throw worst instanceof Error ? worst : new Error('a value that is no error was thrown', { cause: worst });
  }
}
