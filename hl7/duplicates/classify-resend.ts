// Recognising a message that was sent again. Invariants:
// I1 Only the same sender, the same MSH-10 and the same content make an exact resend. Nothing else is ever dropped.
// I2 MSH-10 alone proves nothing: senders restart their counters, and several share one (HL7 2.9.2 asks for uniqueness per sender,
//    and many break it). The same MSH-10 with other content is a collision: passed, and reported.
// I3 Pure: the caller keeps what was seen (keyed state with a time to live) and decides by the policy.
import { hash } from 'node:crypto';
import type { Hl7Message } from '../message/hl7-message.ts';
import type { DuplicatePolicy } from './duplicate-policy.ts';

/** What is kept of a message in order to recognise its resend: no content, 16 bytes of a hash of it. */
export interface MessageFingerprint {
  /** `MSH-3|MSH-4|MSH-10`: the key under which `contentHash` is kept. */
  readonly identity: string;
  /** First 16 bytes of the SHA-256 of the message's bytes, in hex. */
  readonly contentHash: string;
}

export type ResendVerdict =
  | { readonly kind: 'first' }
  | { readonly kind: 'resend'; readonly action: 'drop' | 'pass' | 'dead-letter' }
  | { readonly kind: 'collision' };

/** 128 bits: two different messages of one sender and one control id with equal hashes are out of reach even for an attacker. */
const HASH_HEX_CHARS = 32;

/** The fingerprint of a message, or undefined without a control id: such a message can never be told from a resend. */
export function fingerprintOf(message: Hl7Message): MessageFingerprint | undefined {
  const controlId = message.value(0, 10);
  if (controlId === undefined) {
    return undefined;
  }
  const sender = `${escapePart(message.value(0, 3) ?? '')}|${escapePart(message.value(0, 4) ?? '')}`;
  return { identity: `${sender}|${escapePart(controlId)}`, contentHash: contentHash(message.bytes) };
}

/** SHA-256 of the bytes, cut to 128 bits. */
export function contentHash(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex').slice(0, HASH_HEX_CHARS);
}

/**
 * What `current` is, given the content hashes seen before under the same identity (none: the first).
 * A collision's hash is to be added to those seen, so that its own resend is recognised too.
 */
export function classifyResend(
  previousHashes: readonly string[],
  current: MessageFingerprint,
  policy: DuplicatePolicy,
): ResendVerdict {
  if (previousHashes.length === 0) {
    return { kind: 'first' };
  }
  return previousHashes.includes(current.contentHash) ? { kind: 'resend', action: policy } : { kind: 'collision' };
}

function escapePart(part: string): string {
  if (!part.includes('\\') && !part.includes('|')) {
    return part;
  }
  return part.replaceAll('\\', '\\E\\').replaceAll('|', '\\F\\');
}
