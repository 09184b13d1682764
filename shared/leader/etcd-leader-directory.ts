import { setTimeout as delay } from 'node:timers/promises';
import { EtcdKeyWatch } from '../etcd/etcd-key-watch.ts';
import { EtcdMembers } from '../etcd/etcd-members.ts';
import { repeatEtcd } from '../etcd/etcd-requests.ts';
import type { EtcdSettings } from '../etcd/node-etcd-settings.ts';
import { parseLeaderEpoch } from '../ids.ts';
import { LEADER_KEY, parseLeaderRecord } from './leader-record-wire.ts';
import type { DirectoryCall, LeaderAnswer, LeaderDirectory } from './leader-directory.ts';

/** The leader's key in etcd, which the election puts there (coordinator/election/etcd-election.ts); watched once it was waited for. */
export class EtcdLeaderDirectory implements LeaderDirectory {
  readonly #members: EtcdMembers;
  readonly #key: string;
  #watch: EtcdKeyWatch | undefined;
  #changed = new AbortController();

  constructor(settings: EtcdSettings) {
    this.#members = new EtcdMembers(settings);
    this.#key = `${settings.prefix}${LEADER_KEY}`;
  }

  async find(call: DirectoryCall): Promise<LeaderAnswer> {
    this.#changed = new AbortController();
    const answer = await repeatEtcd('read the leader', { ...call, members: this.#members }, async (etcd, options) => {
      return await etcd.kv.range({ key: Buffer.from(this.#key) }, options);
    });
    if (answer.kind !== 'answered') {
      return { kind: 'unknown', failure: answer.failure };
    }
    const [pair] = answer.value.kvs;
    const record = pair === undefined ? undefined : parseLeaderRecord(pair.value);
    if (pair === undefined || record === undefined) {
      return { kind: 'nobody' };
    }
    const { address, sinceMs } = record;
    return { kind: 'leader', leader: { address, sinceMs, epoch: parseLeaderEpoch(BigInt(pair.create_revision)) } };
  }

  async changed(ms: number, signal: AbortSignal): Promise<void> {
    this.#watch ??= new EtcdKeyWatch(this.#members, this.#key, () => {
      this.#changed.abort();
    });
    // Aborting is how it is ended early.
    await delay(ms, undefined, { signal: AbortSignal.any([signal, this.#changed.signal]) }).catch(() => undefined);
  }

  close(): void {
    this.#watch?.close();
    this.#members.close();
  }
}
