import type { Etcd3 } from 'etcd3';
import { openEtcd } from '../../shared/etcd/etcd-client.ts';
import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';

export interface KeepaliveAnswers {
  /** The lease lives; `sentAtNs`: when the request that this answers was sent. */
  readonly onAlive: (sentAtNs: bigint) => void;
  /** Etcd knows no such lease: it ran out or was revoked. */
  readonly onGone: () => void;
}

/** A stream of keepalives over a connection of its own, so that one that hangs is left behind whole. */
export class EtcdKeepaliveStream {
  readonly #etcd: Etcd3;
  readonly #leaseId: string;
  readonly #sentAtNs: bigint[] = [];
  #write: ((sentAtNs: bigint) => void) | undefined;
  #close: () => void;
  #hasEnded = false;

  constructor(settings: EtcdSettings, leaseId: string, answers: KeepaliveAnswers) {
    this.#etcd = openEtcd(settings);
    this.#leaseId = leaseId;
    this.#close = () => {
      this.#etcd.close();
    };
    this.#open(answers).catch(() => {
      this.close();
    });
  }

  /** False: nothing can be expected of it any more. */
  get isOpen(): boolean {
    return !this.#hasEnded;
  }

  /** Whether a request waits for its answer. */
  get isWaiting(): boolean {
    return this.#sentAtNs.length > 0;
  }

  send(nowNs: bigint): void {
    if (this.#hasEnded) {
      return;
    }
    this.#sentAtNs.push(nowNs);
    this.#write?.(nowNs);
  }

  close(): void {
    if (!this.#hasEnded) {
      this.#hasEnded = true;
      this.#close();
    }
  }

  async #open({ onAlive, onGone }: KeepaliveAnswers): Promise<void> {
    const stream = await this.#etcd.leaseClient.leaseKeepAlive();
    stream.on('error', () => {
      this.close();
    });
    stream.on('end', () => {
      this.close();
    });
    if (this.#hasEnded) {
      stream.cancel();
      return;
    }
    this.#close = () => {
      stream.cancel();
      this.#etcd.close();
    };
    // Etcd answers the requests of a stream in their order. One from before the stream was open counts from when it was asked for: too early, and so on the safe side.
    stream.on('data', ({ TTL }) => {
      const sentAtNs = this.#sentAtNs.shift();
      if (this.#hasEnded || sentAtNs === undefined) {
        return;
      }
      if (Number(TTL) > 0) {
        onAlive(sentAtNs);
      } else {
        onGone();
      }
    });
    this.#write = () => {
      stream.write({ ID: this.#leaseId });
    };
    for (const sentAtNs of this.#sentAtNs) {
      this.#write(sentAtNs);
    }
  }
}
