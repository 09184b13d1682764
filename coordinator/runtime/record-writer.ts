import type { Clock } from '../../shared/clock/clock.ts';
import { formatFailure, StreamError } from '../../shared/failure/failure.ts';
import type { JobId, LeaderEpoch } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { CheckpointPersist, RecordAnswer } from '../checkpoints/checkpoint-events.ts';
import { recordKeyName } from '../job-store/job-store.ts';
import type { JobStore, JobTransaction, RecordKey, StoredRecord, TransactionAnswer } from '../job-store/job-store.ts';
import { backoffMs } from '../scheduling/retry-backoff.ts';
import type { RetryBackoff } from '../scheduling/retry-backoff.ts';
import { checkpointChange } from './record-changes.ts';
import type { RecordChange } from './record-changes.ts';

export interface RecordWriterDeps {
  readonly store: JobStore;
  readonly epoch: LeaderEpoch;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Of one transaction, adapters' own retries included. */
const WRITE_DEADLINE_MS = 5_000;
/** Before a transaction is repeated: 20 ms, 40 ms, … 1 s. It is never given up: only its answer tells what is stored. */
const REPEAT: RetryBackoff = { firstMs: 20, mostMs: 1_000, triesMax: Number.POSITIVE_INFINITY };
/** Below what stores take in one transaction (check-transaction.ts). */
const CHANGES_MAX = 100;

/**
 * The one writer of the job store in this process. It knows the revision of every key.
 *
 * W1  A transaction whose answer is ambiguous is repeated unchanged until the answer is definite; no other transaction touches
 *     its keys before that.
 * W2  `fenced` ends the process: nothing is written behind it.
 * W3  What is refused for now (no space) is repeated too, and said aloud: a job's records cannot be left behind its state. What
 *     can never be taken (too large) ends the process: nothing must go on as if it were stored.
 */
export class RecordWriter {
  readonly #deps: RecordWriterDeps;
  readonly #revisions = new Map<string, bigint>();
  readonly #inDoubt = new Map<string, JobTransaction>();

  constructor(deps: RecordWriterDeps) {
    this.#deps = deps;
  }

  /** What a linearizable read has found. */
  know(records: readonly StoredRecord[]): void {
    records.forEach(({ key, revision }) => this.#revisions.set(recordKeyName(key), revision));
  }

  revisionOf(key: RecordKey): bigint {
    return this.#revisions.get(recordKeyName(key)) ?? 0n;
  }

  /**
   * Makes all changes durable, in one transaction unless they are very many. Gives the revision of what was written last.
   * @throws StreamError `coordinator-fenced`; the abort error of the signal
   */
  async write(changes: readonly RecordChange[], signal: AbortSignal): Promise<bigint> {
    const last = new Map(changes.map((change) => [recordKeyName(change.key), change]));
    const needed = [...last.values()].filter(({ key, value }) => value !== undefined || this.#mayExist(key));
    let revision = 0n;
    for (let at = 0; at < needed.length; at += CHANGES_MAX) {
      revision = await this.#writeSome(needed.slice(at, at + CHANGES_MAX), signal);
    }
    return revision;
  }

  /** One try of a write that the checkpoints repeat themselves (write-progress.ts). */
  async tryWrite(
    jobId: JobId,
    { record, expectedRevision, attemptRevision }: Extract<CheckpointPersist, { kind: 'put-record' }>,
    signal: AbortSignal,
  ): Promise<RecordAnswer> {
    const change = checkpointChange(jobId, record);
    const transaction: JobTransaction = {
      epoch: this.#deps.epoch,
      writes: [{ ...change, revision: expectedRevision }],
      compares: attemptRevision === undefined ? [] : [{ key: { kind: 'attempt', jobId }, revision: attemptRevision }],
    };
    return await this.#once(transaction, signal);
  }

  async #writeSome(changes: readonly RecordChange[], signal: AbortSignal): Promise<bigint> {
    await this.#resolveDoubts(changes, signal);
    const writes = changes.map((change) => ({ ...change, revision: this.revisionOf(change.key) }));
    return await this.#untilDone({ epoch: this.#deps.epoch, writes, compares: [] }, signal);
  }

  async #resolveDoubts(changes: readonly RecordChange[], signal: AbortSignal): Promise<void> {
    for (const { key } of changes) {
      const doubtful = this.#inDoubt.get(recordKeyName(key));
      if (doubtful !== undefined) {
        await this.#untilDone(doubtful, signal);
      }
    }
  }

  async #untilDone(transaction: JobTransaction, signal: AbortSignal): Promise<bigint> {
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      const answer = await this.#once(transaction, signal);
      switch (answer.kind) {
        case 'done':
          return answer.revision;
        case 'fenced':
          throw new StreamError(fencedFailure(this.#deps.epoch));
        case 'refused':
        case 'ambiguous':
          if (answer.kind === 'refused' && answer.failure.reaction === 'fail-job') {
            throw new StreamError(answer.failure);
          }
          this.#say(transaction, answer, tries);
          await this.#deps.clock.sleep(backoffMs(REPEAT, tries), signal);
      }
    }
  }

  async #once(transaction: JobTransaction, signal: AbortSignal): Promise<TransactionAnswer> {
    const answer = await this.#deps.store.transact(transaction, { deadlineMs: WRITE_DEADLINE_MS, signal });
    for (const { key, value } of transaction.writes) {
      const name = recordKeyName(key);
      if (answer.kind === 'ambiguous') {
        this.#inDoubt.set(name, transaction);
      } else if (answer.kind === 'done') {
        this.#inDoubt.delete(name);
        if (value === undefined) {
          this.#revisions.delete(name);
        } else {
          this.#revisions.set(name, answer.revision);
        }
      }
    }
    return answer;
  }

  #mayExist(key: RecordKey): boolean {
    return this.revisionOf(key) > 0n || this.#inDoubt.has(recordKeyName(key));
  }

  #say(
    { writes }: JobTransaction,
    { kind, failure }: Extract<TransactionAnswer, { readonly kind: 'ambiguous' | 'refused' }>,
    tries: number,
  ): void {
    if (kind === 'refused' || tries % 8 === 2) {
      const keys = writes
        .slice(0, 4)
        .map(({ key }) => recordKeyName(key))
        .join(', ');
      this.#deps.logger.warn('job-record-not-written', { keys, tries, answer: kind, failure: formatFailure(failure) });
    }
  }
}

export function fencedFailure(epoch: LeaderEpoch): ConstructorParameters<typeof StreamError>[0] {
  return {
    code: 'coordinator-fenced',
    reaction: 'stop-quietly',
    message: `The coordinator of epoch ${epoch} was replaced: another one leads.`,
  };
}
