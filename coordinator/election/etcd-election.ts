import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { IKeyValue } from 'etcd3';
import { EtcdKeyWatch } from '../../shared/etcd/etcd-key-watch.ts';
import { EtcdMembers } from '../../shared/etcd/etcd-members.ts';
import { askEtcd, repeatEtcd } from '../../shared/etcd/etcd-requests.ts';
import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';
import { formatFailure, StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { parseLeaderEpoch } from '../../shared/ids.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import { formatLeaderRecord, LEADER_KEY, parseLeaderRecord } from '../../shared/leader/leader-record-wire.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { unreachable } from '../../shared/invariant.ts';
import { EtcdLeadership } from './etcd-leadership.ts';
import { EtcdLeaseKeeper } from './etcd-lease-keeper.ts';
import type { HeldLease } from './etcd-lease-keeper.ts';
import type { LeaderElection, Leadership } from './leader-election.ts';

export interface EtcdElectionOptions {
  readonly etcd: EtcdSettings;
  /** Etcd counts in whole seconds, and grants no less than its own election takes (2 s by default). */
  readonly leaseMs: number;
  /** Where clients and task managers reach this coordinator when it leads. */
  readonly address: string;
  readonly logger: Logger;
}

/** How often a standby looks without having been told that the key changed: a watch on a member that hangs says nothing. */
const LOOK_AGAIN_MS = 1_000;
/** Before a request is repeated of which the outcome is unknown. */
const REPEAT_MS = 100;

/**
 * The election in etcd. Who puts the key `<prefix>leader` where there is none leads; the key is bound to a lease, and goes
 * with it. The epoch is the key's create_revision: etcd's revisions only grow (L1).
 *
 * Standbys watch the key, and have their thread and connections ready. Etcd3's own `Election` is not used: it reports a loss
 * at twice the time to live, when another leads already (docs/decisions/0005-own-election.md).
 */
export class EtcdElection implements LeaderElection {
  readonly #options: EtcdElectionOptions;
  readonly #key: Buffer;
  readonly #members: EtcdMembers;
  readonly #keeper: EtcdLeaseKeeper;
  #leadership: EtcdLeadership | undefined;
  #changed = new AbortController();
  #isEtcdAway = false;

  constructor(options: EtcdElectionOptions) {
    this.#options = options;
    this.#key = Buffer.from(`${options.etcd.prefix}${LEADER_KEY}`);
    this.#members = new EtcdMembers(options.etcd);
    this.#keeper = new EtcdLeaseKeeper(options.etcd, options.leaseMs, (leaseId, reason) => {
      if (leaseId === undefined || leaseId === this.#leadership?.leaseId) {
        this.#leadership?.lose(reason);
      }
    });
  }

  async campaign(signal: AbortSignal): Promise<Leadership | undefined> {
    const watch = new EtcdKeyWatch(this.#members, this.#key.toString(), () => {
      this.#changed.abort();
    });
    try {
      while (!signal.aborted) {
        // Before looking: what changes from here on is not slept over.
        this.#changed = new AbortController();
        const leadership = (await this.#isVacant(signal)) ? await this.#stand(signal) : undefined;
        if (leadership !== undefined) {
          return await this.#take(leadership, signal);
        }
        await pause(LOOK_AGAIN_MS, AbortSignal.any([signal, this.#changed.signal]));
      }
      return undefined;
    } finally {
      watch.close();
    }
  }

  async close(): Promise<void> {
    this.#leadership?.lose('the election was closed');
    await this.#leadership?.release();
    await this.#keeper.close();
    this.#members.close();
  }

  /** A process that was told to end while it won gives it up again. */
  async #take(leadership: EtcdLeadership, signal: AbortSignal): Promise<Leadership | undefined> {
    this.#leadership = leadership;
    if (signal.aborted) {
      await leadership.resign();
      return undefined;
    }
    return leadership;
  }

  async #isVacant(signal: AbortSignal): Promise<boolean> {
    const answer = await repeatEtcd('read the leader', this.#call(signal), async (etcd, options) => {
      return await etcd.kv.range({ key: this.#key }, options);
    });
    if (answer.kind !== 'answered') {
      this.#report(answer.failure, signal);
      return false;
    }
    if (this.#isEtcdAway) {
      this.#isEtcdAway = false;
      this.#options.logger.info('election-etcd-back');
    }
    return answer.value.kvs.length === 0;
  }

  /** One try to become the leader; undefined when another was quicker, or nothing is known. */
  async #stand(signal: AbortSignal): Promise<EtcdLeadership | undefined> {
    const granted = await this.#keeper.grant();
    if (granted.kind === 'failed') {
      this.#report(granted.failure, signal);
      return undefined;
    }
    const { lease } = granted;
    const epoch = await this.#putKey(lease, signal);
    if (epoch === undefined) {
      await this.#keeper.revoke(lease);
      return undefined;
    }
    return new EtcdLeadership(epoch, lease, this.#options.logger, async () => {
      await this.#keeper.revoke(lease);
    });
  }

  /**
   * The same transaction is repeated until its answer is definite: an earlier copy may have landed, which the record's id
   * shows. It is given up with the lease, without which no copy can land any more.
   */
  async #putKey(lease: HeldLease, signal: AbortSignal): Promise<LeaderEpoch | undefined> {
    const id = randomUUID();
    const value = formatLeaderRecord({ id, address: this.#options.address, sinceMs: Date.now() });
    while (lease.proof.holds(process.hrtime.bigint())) {
      const answer = await askEtcd('become the leader', this.#call(signal), async (etcd, options) => {
        const { key } = { key: this.#key };
        const absent = { result: 'Equal', target: 'Create', key, create_revision: '0' } as const;
        const success = [{ request_put: { key, value, lease: lease.leaseId } }];
        return await etcd.kv.txn({ compare: [absent], success, failure: [{ request_range: { key } }] }, options);
      });
      switch (answer.kind) {
        case 'answered': {
          const { succeeded, header, responses } = answer.value;
          if (succeeded) {
            return parseLeaderEpoch(BigInt(header.revision));
          }
          return ownEpoch(
            responses.flatMap(({ response_range }) => response_range.kvs),
            id,
          );
        }
        case 'refused':
          this.#report(answer.failure, signal);
          return undefined;
        case 'unknown':
          this.#report(answer.failure, signal);
          break;
        default:
          return unreachable(answer);
      }
      if (signal.aborted) {
        return undefined;
      }
      await pause(REPEAT_MS, signal);
    }
    return undefined;
  }

  /** An outage is waited for, and said once. What cannot pass by itself ends the campaign. */
  #report(failure: Failure, signal: AbortSignal): void {
    if (signal.aborted) {
      return;
    }
    if (failure.reaction === 'fail-job' && failure.code !== 'etcd-refused') {
      throw new StreamError(failure);
    }
    if (!this.#isEtcdAway) {
      this.#isEtcdAway = true;
      this.#options.logger.warn('election-etcd-unavailable', { code: failure.code, failure: formatFailure(failure) });
    }
  }

  #call(signal: AbortSignal): Parameters<typeof askEtcd>[1] {
    return { members: this.#members, deadlineMs: this.#options.etcd.timeoutMs, signal };
  }
}

/** The create_revision of the key, if an earlier copy of this campaign's transaction put it. */
function ownEpoch(found: readonly IKeyValue[], id: string): LeaderEpoch | undefined {
  const [pair] = found;
  return pair !== undefined && parseLeaderRecord(pair.value)?.id === id
    ? parseLeaderEpoch(BigInt(pair.create_revision))
    : undefined;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  // Aborting is how it is ended early.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
