import type { Binary } from '../../shared/checkpoint/binary.ts';
import { lengthPrefixed, readLengthPrefixed } from '../../shared/checkpoint/state-key-parts.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';

/**
 * The layout of keys in the local store and in segments (DESIGN §6):
 *
 *   keyGroup (2 B, big endian) ‖ state id (2 B) ‖ length-prefixed key ‖ length-prefixed namespace ‖ map key
 *   └──────────── section ───────────────────┘
 *   └──────────────────────── row ───────────────────────────────────────────────────┘
 *
 * K1  The key group comes first, so a range of key groups is a range of keys.
 * K2  No row is a prefix of another row: both parts behind the section carry their length. So emptying a row is a prefix delete.
 * K3  Key groups end at 32767: the first byte of a state key is below 0x80. What is above belongs to the store itself.
 * Timers are rows of a state of their own whose key begins with the time (timers/timer-key.ts).
 */
export const STATE_KEYS_END: Binary = '\x80';
/** Spilled layers: this ‖ layer's sequence (6 B) ‖ state key. */
export const OVERLAY_PREFIX: Binary = '\x80';
export const OVERLAY_END: Binary = '\x81';
/** What the store says about itself. */
export const META_PREFIX: Binary = '\xff';

/** The map key under which a row says that it may hold entries. Entries of users are never at it: their map keys are not empty. */
export const MARKER: Binary = '';

export function sectionOfKey(key: Binary): number {
  return ((key.charCodeAt(0) << 24) | (key.charCodeAt(1) << 16) | (key.charCodeAt(2) << 8) | key.charCodeAt(3)) >>> 0;
}

/** The first key of a key group: 0 to 32768. */
export function keyGroupStart(keyGroup: number): Binary {
  return String.fromCharCode(keyGroup >>> 8, keyGroup & 0xff);
}

/** The keys of a range of key groups. */
export function keysOfRange({ first, last }: KeyGroupRange): { readonly from: Binary; readonly to: Binary } {
  return { from: keyGroupStart(first), to: keyGroupStart(last + 1) };
}

export function rowKey(prefix: Binary, key: Binary, namespace: Binary): Binary {
  return prefix + lengthPrefixed(key) + lengthPrefixed(namespace);
}

/** The parts of a row, and what follows it. */
export function parseStateKey(stateKey: Binary): {
  readonly section: number;
  readonly row: Binary;
  readonly key: Binary;
  readonly namespace: Binary;
  readonly mapKey: Binary;
} {
  const key = readLengthPrefixed(stateKey, 4);
  const namespace = readLengthPrefixed(stateKey, key.end);
  return {
    section: sectionOfKey(stateKey),
    row: stateKey.slice(0, namespace.end),
    key: key.part,
    namespace: namespace.part,
    mapKey: stateKey.slice(namespace.end),
  };
}

export function overlayPrefix(sequence: number): Binary {
  const high = Math.floor(sequence / 0x1000000);
  const low = sequence % 0x1000000;
  const bytes = [high >>> 16, (high >>> 8) & 0xff, high & 0xff, low >>> 16, (low >>> 8) & 0xff, low & 0xff];
  return OVERLAY_PREFIX + String.fromCharCode(...bytes);
}
