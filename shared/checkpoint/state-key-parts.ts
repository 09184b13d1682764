import { invariant } from '../invariant.ts';
import type { Binary } from './binary.ts';

/** Of what keys of state are made, in the local store and in segments; taskmanager/state/state-key.ts has the whole layout. */

const STATE_IDS_MAX = 0x10000;

/** Key group and state id as one number, in the order of the keys. */
export function sectionOf(keyGroup: number, stateId: number): number {
  invariant(stateId >= 0 && stateId < STATE_IDS_MAX, `state id ${stateId} does not fit in two bytes`);
  return keyGroup * STATE_IDS_MAX + stateId;
}

export function sectionPrefix(section: number): Binary {
  return String.fromCharCode(section >>> 24, (section >>> 16) & 0xff, (section >>> 8) & 0xff, section & 0xff);
}

export function lengthPrefixed(part: Binary): Binary {
  return part.length < 0x80 ? String.fromCharCode(part.length) + part : varint(part.length) + part;
}

export function readLengthPrefixed(from: Binary, offset: number): { readonly part: Binary; readonly end: number } {
  let length = 0;
  let at = offset;
  for (let shift = 0; ; shift += 7) {
    invariant(at < from.length && shift <= 28, 'a state key ends inside a length');
    const byte = from.charCodeAt(at);
    at += 1;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      break;
    }
  }
  invariant(at + length <= from.length, 'a state key ends inside a part');
  return { part: from.slice(at, at + length), end: at + length };
}

function varint(value: number): Binary {
  let rest = value;
  let text = '';
  while (rest >= 0x80) {
    text += String.fromCharCode((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return text + String.fromCharCode(rest);
}
