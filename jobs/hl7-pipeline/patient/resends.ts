import { classifyResend, contentHash, fingerprintOf } from '../../../hl7/duplicates/classify-resend.ts';
import type { ResendVerdict } from '../../../hl7/duplicates/classify-resend.ts';
import type { DuplicatePolicy } from '../../../hl7/duplicates/duplicate-policy.ts';
import type { Hl7Message } from '../../../hl7/message/hl7-message.ts';
import { mapState } from '../../../index.ts';
import type { KeyedStateAccess, MapState, Serializer } from '../../../index.ts';

/** The messages that were seen under one sender and control id. */
export interface Seen {
  /** Of the last one, epoch milliseconds. */
  readonly atMs: number;
  /** `contentHash` of each. */
  readonly hashes: readonly string[];
}

/**
 * How many messages of one patient are remembered at most: the map is held whole in memory while the patient is active. More
 * than that in the remembered time come from monitors, whose resends come within minutes.
 */
const SEEN_KEPT = 1_000;
/** Beyond, the oldest are forgotten, many at once: to find them every entry is read. */
const SEEN_MAX = 1_250;
/** The map is measured once in so many messages. */
const MEASURED_EVERY = 64;
/** Two messages under one control id are a sender's mistake; hundreds are a sender without control ids worth the name. */
const HASHES_MAX = 16;
/** A longer identity is kept as its hash. */
const IDENTITY_UNITS_MAX = 64;

/** What a message is, and what is to be remembered once it has been accepted. */
export interface JudgedResend {
  readonly verdict: ResendVerdict;
  readonly remember: { readonly key: string; readonly seen: Seen } | undefined;
}

const NOT_LOOKED: JudgedResend = { verdict: { kind: 'first' }, remember: undefined };

/**
 * Recognises what a patient's senders send again, by sender, control id and content (hl7/duplicates). Only accepted messages are
 * remembered: a dead letter that is corrected and replayed is no resend.
 */
export class Resends {
  readonly #seen: MapState<Seen>;

  constructor(state: KeyedStateAccess, withinMs: number) {
    const ttl = { ms: withinMs, time: 'processing' } as const;
    this.#seen = state.map(mapState<Seen>({ name: 'seen', serializer: seenSerializer, ttl }));
  }

  /** A sender whose resends pass costs nothing, and one without control ids cannot be told from its own resends. */
  judge(message: Hl7Message, policy: DuplicatePolicy, nowMs: number): JudgedResend {
    const fingerprint = policy === 'pass' ? undefined : fingerprintOf(message);
    if (fingerprint === undefined) {
      return NOT_LOOKED;
    }
    const { identity } = fingerprint;
    const key = identity.length > IDENTITY_UNITS_MAX ? contentHash(Buffer.from(identity, 'utf8')) : identity;
    const before = this.#seen.get(key)?.hashes ?? [];
    const verdict = classifyResend(before, fingerprint, policy);
    if (verdict.kind === 'resend') {
      return { verdict, remember: undefined };
    }
    const hashes = [...before.slice(-(HASHES_MAX - 1)), fingerprint.contentHash];
    return { verdict, remember: { key, seen: { atMs: nowMs, hashes } } };
  }

  remember({ key, seen }: NonNullable<JudgedResend['remember']>): void {
    this.#seen.set(key, seen);
    // By the content, so that a replay after a failure does the same.
    if (parseInt(seen.hashes.at(-1)?.slice(-4) ?? '', 16) % MEASURED_EVERY === 0) {
      this.#trim();
    }
  }

  #trim(): void {
    if (this.#seen.size <= SEEN_MAX) {
      return;
    }
    const entries = Array.from(this.#seen.entries());
    entries.sort(([keyA, a], [keyB, b]) => a.atMs - b.atMs || (keyA < keyB ? -1 : 1));
    for (const [key] of entries.slice(0, entries.length - SEEN_KEPT)) {
      this.#seen.delete(key);
    }
  }
}

const HASH_BYTES = 16;
const TIME_BYTES = 6;

/** milliseconds (6 B, big endian) ‖ hashes (16 B each) */
export const seenSerializer: Serializer<Seen> = {
  id: 'hl7-seen/1',
  encode: ({ atMs, hashes }) => {
    const bytes = Buffer.allocUnsafe(TIME_BYTES + hashes.length * HASH_BYTES);
    bytes.writeUIntBE(atMs, 0, TIME_BYTES);
    hashes.forEach((hash, i) => bytes.write(hash, TIME_BYTES + i * HASH_BYTES, 'hex'));
    return bytes;
  },
  decode: (bytes) => {
    const hashes: string[] = [];
    for (let at = TIME_BYTES; at + HASH_BYTES <= bytes.length; at += HASH_BYTES) {
      hashes.push(bytes.toString('hex', at, at + HASH_BYTES));
    }
    return { atMs: bytes.readUIntBE(0, TIME_BYTES), hashes };
  },
};
