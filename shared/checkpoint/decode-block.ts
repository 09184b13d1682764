import type { Binary } from './binary.ts';
import { corrupt } from './segment-format.ts';
import type { StateEntry } from './state-entry.ts';
import type { KeyGroupRange } from '../keygroups/key-groups.ts';

/** The entries of a block's raw bytes that belong to a range of key groups, in order. */
export function decodeBlock(raw: Buffer, { first, last }: KeyGroupRange, where: string): StateEntry[] {
  const reader = new VarintReader(raw, where);
  const entries: StateEntry[] = [];
  let key: Binary = '';
  while (reader.at < raw.length) {
    const kind = reader.byte();
    const shared = reader.varint();
    const rest = reader.varint();
    const valueLength = kind === 0 ? reader.varint() : 0;
    key = key.slice(0, shared) + reader.text(rest);
    const value = reader.text(valueLength);
    const keyGroup = (key.charCodeAt(0) << 8) | key.charCodeAt(1);
    if (keyGroup >= first && keyGroup <= last) {
      entries.push(entryOf(kind, key, value, where));
    }
  }
  return entries;
}

function entryOf(kind: number, key: Binary, value: Binary, where: string): StateEntry {
  switch (kind) {
    case 0:
      return { kind: 'put', key, value };
    case 1:
      return { kind: 'delete', key };
    case 2:
      return { kind: 'clear', key };
    default:
      throw corrupt(where, `an entry is of kind ${kind}, which this version does not know`);
  }
}

class VarintReader {
  at = 0;
  readonly #raw: Buffer;
  readonly #where: string;

  constructor(raw: Buffer, where: string) {
    this.#raw = raw;
    this.#where = where;
  }

  byte(): number {
    const byte = this.#raw[this.at];
    if (byte === undefined) {
      throw corrupt(this.#where, 'a block ends inside an entry');
    }
    this.at += 1;
    return byte;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift <= 28; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        return value;
      }
    }
    throw corrupt(this.#where, 'a length in a block is too long');
  }

  text(length: number): Binary {
    const end = this.at + length;
    if (end > this.#raw.length) {
      throw corrupt(this.#where, 'a block ends inside an entry');
    }
    const text = this.#raw.latin1Slice(this.at, end);
    this.at = end;
    return text;
  }
}
