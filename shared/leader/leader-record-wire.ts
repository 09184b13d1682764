import type { EpochMs } from '../clock/clock.ts';

/** What the leader's key holds in etcd: by it clients and task managers find the leader, and a campaign recognises its own. */
export interface LeaderRecord {
  readonly id: string;
  readonly address: string;
  readonly sinceMs: EpochMs;
}

/** The key, below the cluster's prefix. Its create_revision is the leader's epoch. */
export const LEADER_KEY = 'leader';

export function formatLeaderRecord(record: LeaderRecord): Buffer {
  return Buffer.from(JSON.stringify(record));
}

/** Undefined for anything else: a key that somebody put there by hand. */
export function parseLeaderRecord(bytes: Buffer): LeaderRecord | undefined {
  try {
    const record = JSON.parse(bytes.toString()) as Partial<LeaderRecord> | null;
    const { id, address, sinceMs } = record ?? {};
    const isWhole = typeof id === 'string' && typeof address === 'string' && typeof sinceMs === 'number';
    return isWhole ? { id, address, sinceMs } : undefined;
  } catch {
    return undefined;
  }
}
