import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { fromKeepaliveFromWire } from './keepalive-wire.ts';
import type { FromKeepalive, KeepaliveStart, ToKeepalive } from './keepalive-wire.ts';
import { LeaseProof } from './lease-proof.ts';

export interface HeldLease {
  readonly leaseId: string;
  readonly proof: LeaseProof;
}

export type GrantAnswer =
  { readonly kind: 'granted'; readonly lease: HeldLease } | { readonly kind: 'failed'; readonly failure: Failure };

/** The side of the leading thread: has leases granted, kept alive and revoked by the keepalive thread. */
export class EtcdLeaseKeeper {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  readonly #onLost: (leaseId: string | undefined, reason: string) => void;
  readonly #waiting = new Set<(message: FromKeepalive | undefined) => void>();
  #hasEnded = false;

  /** `onLost`: a lease ended that was not revoked; undefined: the thread itself did, and with it every lease. */
  constructor(etcd: EtcdSettings, ttlMs: number, onLost: (leaseId: string | undefined, reason: string) => void) {
    this.#timeoutMs = etcd.timeoutMs;
    this.#onLost = onLost;
    const workerData: KeepaliveStart = { etcd, ttlMs };
    this.#worker = new Worker(join(import.meta.dirname, 'etcd-keepalive-main.ts'), { workerData });
    this.#worker.on('message', (data: unknown) => {
      this.#take(fromKeepaliveFromWire(data));
    });
    this.#worker.on('error', (error: unknown) => {
      this.#end(error instanceof Error ? error.name : 'a value that is no error');
    });
    this.#worker.on('exit', (code) => {
      this.#end(`exit code ${code}`);
    });
  }

  async grant(): Promise<GrantAnswer> {
    const proof = new LeaseProof();
    const answer = await this.#ask({ kind: 'grant', proof: proof.memory }, ({ kind }) => {
      return kind === 'granted' || kind === 'grant-failed';
    });
    switch (answer?.kind) {
      case 'granted':
        return { kind: 'granted', lease: { leaseId: answer.leaseId, proof } };
      case 'grant-failed':
        return { kind: 'failed', failure: answer.failure };
      default:
        return { kind: 'failed', failure: NO_ANSWER };
    }
  }

  /** Ends the proof at once, and the lease as soon as etcd answers; waits for that no longer than a request may take. */
  async revoke({ leaseId, proof }: HeldLease): Promise<void> {
    proof.end();
    await this.#ask(
      { kind: 'revoke', leaseId },
      (message) => message.kind === 'revoked' && message.leaseId === leaseId,
    );
  }

  async close(): Promise<void> {
    this.#hasEnded = true;
    await this.#worker.terminate();
  }

  /** One question of a kind at a time. Undefined when the thread ended or is late. */
  async #ask(question: ToKeepalive, isAnswer: (message: FromKeepalive) => boolean): Promise<FromKeepalive | undefined> {
    if (this.#hasEnded) {
      return undefined;
    }
    return await new Promise<FromKeepalive | undefined>((resolve) => {
      const take = (message: FromKeepalive | undefined): void => {
        if (message === undefined || isAnswer(message)) {
          clearTimeout(timer);
          this.#waiting.delete(take);
          resolve(message);
        }
      };
      // A thread that starts on a busy machine takes a while.
      const timer = setTimeout(take, this.#timeoutMs + START_MS_MAX, undefined);
      this.#waiting.add(take);
      this.#worker.postMessage(question);
    });
  }

  #take(message: FromKeepalive): void {
    if (message.kind === 'lost') {
      this.#onLost(message.leaseId, message.reason);
    }
    for (const take of this.#waiting) {
      take(message);
    }
  }

  #end(why: string): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#onLost(undefined, `the thread that keeps the lease alive ended: ${why}`);
    }
    for (const take of this.#waiting) {
      take(undefined);
    }
  }
}

const START_MS_MAX = 10_000;

const NO_ANSWER: Failure = {
  code: 'lease-not-granted',
  reaction: 'retry',
  message: 'the thread that keeps leases alive gave no answer',
};
