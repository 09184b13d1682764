import type { EtcdSettings } from '../../shared/etcd/node-etcd-settings.ts';
import type { Failure } from '../../shared/failure/failure.ts';

/** What the thread that keeps a lease alive is started with. */
export interface KeepaliveStart {
  readonly etcd: EtcdSettings;
  readonly ttlMs: number;
}

/** One lease at a time; each has its own proof. */
export type ToKeepalive =
  { readonly kind: 'grant'; readonly proof: SharedArrayBuffer } | { readonly kind: 'revoke'; readonly leaseId: string };

export type FromKeepalive =
  | { readonly kind: 'granted'; readonly leaseId: string }
  | { readonly kind: 'grant-failed'; readonly failure: Failure }
  /** Told once: the proof has ended, and not by `revoke`. */
  | { readonly kind: 'lost'; readonly leaseId: string; readonly reason: string }
  | { readonly kind: 'revoked'; readonly leaseId: string };

export function keepaliveStartFromWire(data: unknown): KeepaliveStart {
  return data as KeepaliveStart;
}

export function toKeepaliveFromWire(data: unknown): ToKeepalive {
  return data as ToKeepalive;
}

export function fromKeepaliveFromWire(data: unknown): FromKeepalive {
  return data as FromKeepalive;
}
