import { parentPort, workerData } from 'node:worker_threads';
import { EtcdMembers } from '../../shared/etcd/etcd-members.ts';
import { askEtcd, repeatEtcd } from '../../shared/etcd/etcd-requests.ts';
import { invariant } from '../../shared/invariant.ts';
import { EtcdKeepaliveStream } from './etcd-keepalive-stream.ts';
import { keepaliveStartFromWire, toKeepaliveFromWire } from './keepalive-wire.ts';
import type { FromKeepalive } from './keepalive-wire.ts';
import { LeaseProof, provenForMs } from './lease-proof.ts';

/**
 * The thread that keeps the leader's lease alive: a thread of its own, since the leader's loop may be busy for longer than
 * the lease. A keepalive is sent six times within a lease. One that is not answered is left waiting, while the next one goes
 * over a new connection, to whichever member: so neither a slow answer nor a dead connection costs the leadership by itself.
 */
const { etcd: settings, ttlMs } = keepaliveStartFromWire(workerData);
const members = new EtcdMembers(settings);
const { signal } = new AbortController();
const NS_PER_MS = 1_000_000n;
const ROUNDS_PER_LEASE = 6;
/** Connections that are waited for at once. With more than a lease's rounds the first could not help any more. */
const STREAMS_MAX = ROUNDS_PER_LEASE;

/** A lease that is kept alive until it is lost or revoked. */
class KeptLease {
  readonly leaseId: string;
  readonly #proof: LeaseProof;
  readonly #provenForNs: bigint;
  readonly #timer: NodeJS.Timeout;
  #streams: EtcdKeepaliveStream[] = [];
  #hasEnded = false;

  constructor(leaseId: string, proof: LeaseProof, provenForNs: bigint) {
    this.leaseId = leaseId;
    this.#proof = proof;
    this.#provenForNs = provenForNs;
    this.#timer = setInterval(() => {
      this.#round();
    }, ttlMs / ROUNDS_PER_LEASE);
    this.#round();
  }

  /** The proof ends first: from here on nobody acts on the lease. */
  end(): void {
    this.#hasEnded = true;
    this.#proof.end();
    clearInterval(this.#timer);
    for (const stream of this.#streams) {
      stream.close();
    }
  }

  #round(): void {
    const now = process.hrtime.bigint();
    if (!this.#proof.holds(now)) {
      this.#lose('no member of etcd kept the lease alive in time');
      return;
    }
    this.#streams = this.#streams.filter((stream) => stream.isOpen);
    const newest = this.#streams.at(-1);
    if (newest === undefined || newest.isWaiting) {
      this.#streams.push(this.#openStream());
    }
    if (this.#streams.length > STREAMS_MAX) {
      this.#streams.shift()?.close();
    }
    this.#streams.at(-1)?.send(now);
  }

  #openStream(): EtcdKeepaliveStream {
    // Each goes to the next member: the one before has not answered yet, or has ended the stream.
    members.next();
    return new EtcdKeepaliveStream(members.currentSettings(), this.leaseId, {
      onAlive: (sentAtNs) => {
        if (this.#proof.holds(process.hrtime.bigint())) {
          this.#proof.extend(sentAtNs, this.#provenForNs);
        }
      },
      onGone: () => {
        this.#lose('etcd does not know the lease any more');
      },
    });
  }

  #lose(reason: string): void {
    if (!this.#hasEnded) {
      this.end();
      tell({ kind: 'lost', leaseId: this.leaseId, reason });
    }
  }
}

let kept: KeptLease | undefined;

async function grant(memory: SharedArrayBuffer): Promise<void> {
  kept?.end();
  const proof = new LeaseProof(memory);
  const call = { members, deadlineMs: settings.timeoutMs, signal };
  // Of several that are granted, those whose answers were lost run out by themselves.
  let sentAtNs = process.hrtime.bigint();
  const answer = await repeatEtcd('grant a lease', call, async (etcd, options) => {
    sentAtNs = process.hrtime.bigint();
    return await etcd.leaseClient.leaseGrant({ TTL: Math.ceil(ttlMs / 1_000) }, options);
  });
  if (answer.kind !== 'answered') {
    tell({ kind: 'grant-failed', failure: answer.failure });
    return;
  }
  // Etcd may have granted more than was asked for (a lease outlasts an election of its own), never less.
  const provenForNs = BigInt(Math.floor(provenForMs(Number(answer.value.TTL) * 1_000))) * NS_PER_MS;
  proof.extend(sentAtNs, provenForNs);
  kept = new KeptLease(answer.value.ID, proof, provenForNs);
  tell({ kind: 'granted', leaseId: answer.value.ID });
}

async function revoke(leaseId: string): Promise<void> {
  if (kept?.leaseId === leaseId) {
    kept.end();
    kept = undefined;
  }
  await askEtcd('revoke a lease', { members, deadlineMs: settings.timeoutMs, signal }, async (etcd, options) => {
    return await etcd.leaseClient.leaseRevoke({ ID: leaseId }, options);
  });
  tell({ kind: 'revoked', leaseId });
}

function tell(message: FromKeepalive): void {
  parentPort?.postMessage(message);
}

invariant(parentPort !== null, 'a lease is kept alive in a worker thread');
parentPort.on('message', (data: unknown) => {
  const message = toKeepaliveFromWire(data);
  const work = message.kind === 'grant' ? grant(message.proof) : revoke(message.leaseId);
  work.catch((error: unknown) => {
    // Nobody in here can handle it: the thread ends, and with it the leadership.
    queueMicrotask(() => {
      throw error;
    });
  });
});
