import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unreachable } from '../../shared/invariant.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { NodeFileLock } from '../../shared/lock/node-file-lock.ts';
import { checkTransaction } from './check-transaction.ts';
import { damaged, JOB_STORE_ABORTED, jobStoreTimeout, unusable } from './job-store-failures.ts';
import { recordKeyName } from './job-store.ts';
import type { JobStore, JobStoreCall, JobTransaction, StoredRecord, TransactionAnswer } from './job-store.ts';
import { formatChange, formatState, parseJournal } from './journal-wire.ts';
import { applyTransaction, EMPTY_STATE, judge, listRecords } from './stored-state.ts';
import type { StoredState } from './stored-state.ts';

const JOURNAL = 'journal';
const LOCK = 'lock';
/** A journal is rewritten when it is this long and four times as long as after its last rewriting. */
const REWRITE_BYTES_MIN = 1024 ** 2;

/**
 * A folder as job store: for a cluster with one coordinator, which may be restarted. Every transaction is one synced line of
 * a journal (journal-wire.ts); a journal that has grown is written anew, synced and renamed.
 *
 * N1  What is on disk decides: a journal that is not as this process left it is read again before it is compared with. So a
 *     second process that takes the folder fences this one by its greater epoch, also where the lock does not reach.
 * N2  After a write that failed, nothing is appended until the journal was written anew: the failed line may be there in part.
 */
export class NodeJobStore implements JobStore {
  readonly #folder: string;
  readonly #lock: NodeFileLock;
  #state: StoredState = EMPTY_STATE;
  /** Of the file that this process left; undefined: it has to be written anew (N2). */
  #left: { readonly inode: bigint; readonly length: number } | undefined;
  #rewrittenLength = 0;
  /** One after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, lock: NodeFileLock) {
    this.#folder = folder;
    this.#lock = lock;
  }

  /**
   * @throws StreamError `job-store-folder-in-use` (a live coordinator holds the folder), `job-store-folder-unusable`, or
   * `job-store-damaged` (the journal was changed by something else).
   */
  static async open(folder: string): Promise<NodeJobStore> {
    let lock: NodeFileLock | undefined;
    try {
      await mkdir(folder, { recursive: true });
      lock = await takeLock(folder);
      const store = new NodeJobStore(folder, lock);
      await store.#readJournal();
      await store.#rewrite(store.#state);
      return store;
    } catch (error) {
      await lock?.release();
      throw error instanceof StreamError ? error : unusable(folder, error);
    }
  }

  /** The greatest epoch that ever wrote here; the next leader's must be greater. */
  get highestEpoch(): bigint {
    return this.#state.epoch;
  }

  async load(call: JobStoreCall): Promise<readonly StoredRecord[]> {
    call.signal.throwIfAborted();
    const loaded = await this.#inTurn(call, async () => {
      await this.#refresh();
      return listRecords(this.#state);
    });
    switch (loaded.kind) {
      case 'ended':
        return loaded.value;
      case 'late':
        throw new StreamError(jobStoreTimeout(this.#folder, call.deadlineMs));
      case 'aborted':
        throw call.signal.reason;
      default:
        return unreachable(loaded);
    }
  }

  async transact(transaction: JobTransaction, call: JobStoreCall): Promise<TransactionAnswer> {
    const failure = checkTransaction(transaction);
    if (failure !== undefined) {
      return { kind: 'refused', failure };
    }
    if (call.signal.aborted) {
      return { kind: 'ambiguous', failure: JOB_STORE_ABORTED };
    }
    const answer = await this.#inTurn(call, async () => await this.#transact(transaction));
    switch (answer.kind) {
      case 'ended':
        return answer.value;
      case 'late':
        return { kind: 'ambiguous', failure: jobStoreTimeout(this.#folder, call.deadlineMs) };
      case 'aborted':
        return { kind: 'ambiguous', failure: JOB_STORE_ABORTED };
      default:
        return unreachable(answer);
    }
  }

  /** Waits for what is under way, and gives the folder back. */
  async close(): Promise<void> {
    await this.#last;
    await this.#lock.release();
  }

  async #transact(transaction: JobTransaction): Promise<TransactionAnswer> {
    try {
      await this.#refresh();
      const judgement = judge(this.#state, transaction);
      switch (judgement.kind) {
        case 'apply': {
          const next = applyTransaction(this.#state, transaction);
          await this.#write(next, transaction);
          return { kind: 'done', revision: next.revision };
        }
        case 'landed':
          return { kind: 'done', revision: judgement.revision };
        case 'fenced':
          return judgement;
        default:
          return unreachable(judgement);
      }
    } catch (error) {
      this.#left = undefined;
      if (error instanceof StreamError) {
        return { kind: 'refused', failure: error.failure };
      }
      return { kind: 'ambiguous', failure: { ...unusable(this.#folder, error).failure, reaction: 'retry' } };
    }
  }

  /** N1, N2. */
  async #refresh(): Promise<void> {
    if (this.#left === undefined) {
      await this.#readJournal();
      await this.#rewrite(this.#state);
      return;
    }
    const { ino, size } = await stat(this.#path, { bigint: true });
    if (ino !== this.#left.inode || size !== BigInt(this.#left.length)) {
      await this.#readJournal();
    }
  }

  async #readJournal(): Promise<void> {
    const bytes = await readIfAny(this.#path);
    if (bytes === undefined) {
      if (this.#rewrittenLength > 0) {
        throw damaged(this.#path, 1);
      }
      return;
    }
    const parsed = parseJournal(bytes);
    if (parsed.kind === 'damaged') {
      throw damaged(this.#path, parsed.line);
    }
    this.#state = parsed.state;
    const { ino } = await stat(this.#path, { bigint: true });
    this.#left = parsed.length === bytes.length ? { inode: ino, length: parsed.length } : undefined;
  }

  async #write(next: StoredState, { writes }: JobTransaction): Promise<void> {
    const left = this.#left;
    const hasGrown = left === undefined || left.length > Math.max(REWRITE_BYTES_MIN, 4 * this.#rewrittenLength);
    if (hasGrown) {
      await this.#rewrite(next);
      return;
    }
    const line = Buffer.from(
      formatChange(
        next,
        writes.map(({ key }) => recordKeyName(key)),
      ),
    );
    await using file = await open(this.#path, 'r+');
    // At the place where the journal ended when it was compared with, not at its end: what was written in between is another's.
    for (let done = 0; done < line.length;) {
      done += (await file.write(line, done, line.length - done, left.length + done)).bytesWritten;
    }
    await file.datasync();
    this.#left = { inode: left.inode, length: left.length + line.length };
    this.#state = next;
  }

  async #rewrite(next: StoredState): Promise<void> {
    const scratch = `${this.#path}.new`;
    const bytes = Buffer.from(formatState(next));
    let inode: bigint;
    {
      await using file = await open(scratch, 'w');
      await file.writeFile(bytes);
      await file.sync();
      inode = (await file.stat({ bigint: true })).ino;
    }
    await rename(scratch, this.#path);
    await syncFolder(this.#folder);
    this.#left = { inode, length: bytes.length };
    this.#rewrittenLength = bytes.length;
    this.#state = next;
  }

  get #path(): string {
    return join(this.#folder, JOURNAL);
  }

  /** Runs the work after all earlier work has ended; who asked waits no longer than its deadline. */
  async #inTurn<T>({ deadlineMs, signal }: JobStoreCall, work: () => Promise<T>): Promise<Waited<T>> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return await new Promise<Waited<T>>((resolve, reject) => {
      const timer = setTimeout(() => {
        end();
        resolve({ kind: 'late' });
      }, deadlineMs);
      const onAbort = (): void => {
        end();
        resolve({ kind: 'aborted' });
      };
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      signal.addEventListener('abort', onAbort);
      turn.then((value) => {
        resolve({ kind: 'ended', value });
      }, reject);
      turn.then(end, end);
    });
  }
}

/** It is a courtesy, not the fence: whoever writes into the folder compares epochs as well. */
async function takeLock(folder: string): Promise<NodeFileLock> {
  const answer = await NodeFileLock.take(join(folder, LOCK));
  if (answer.kind === 'taken') {
    return answer.lock;
  }
  throw new StreamError({
    code: 'job-store-folder-in-use',
    reaction: 'fail-job',
    message: `the folder of job records ${folder} belongs to another coordinator: it is held by ${answer.by}`,
    remedy:
      'End that coordinator, or give this one another folder (coordinator.jobs-dir); several coordinators of one cluster need high-availability.type etcd.',
  });
}

type Waited<T> =
  { readonly kind: 'ended'; readonly value: T } | { readonly kind: 'late' } | { readonly kind: 'aborted' };

async function readIfAny(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
