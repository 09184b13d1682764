import { lengthPrefixed, sectionOf, sectionPrefix } from '../../shared/checkpoint/state-key-parts.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import { binaryOfText } from '../../shared/checkpoint/binary.ts';
import { invariant } from '../../shared/invariant.ts';
import { flinkMurmur, murmur3 } from '../../shared/keygroups/key-hash.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';

const NO_NAMESPACE = lengthPrefixed('');
const scratch = Buffer.allocUnsafeSlow(1024);

/** One key, ready to be joined with a state: its group and its part of the row. */
export interface KeyPart {
  readonly keyGroup: number;
  /** Length-prefixed bytes of the key. */
  readonly part: Binary;
  /** The key's rows outside of any namespace, by state id, as far as they were asked for. */
  readonly rows: Binary[];
}

export function keyPart(keyGroup: number, key: Binary): KeyPart {
  return { keyGroup, part: lengthPrefixed(key), rows: [] };
}

/** Keys remembered with their rows: the same ones come again and again, and each would be hashed and joined anew. */
const KEYS_MAX = 4_096;

/** The key and namespace that the states of an operator speak of now. */
export class KeyContext {
  readonly #maxParallelism: number;
  readonly #range: KeyGroupRange;
  readonly #known = new Map<string, KeyPart>();
  #key: KeyPart | undefined;
  #namespace = NO_NAMESPACE;
  /** Changes with every change of key or namespace: states remember their row under it. */
  version = 0;

  constructor(maxParallelism: number, range: KeyGroupRange) {
    this.#maxParallelism = maxParallelism;
    this.#range = range;
  }

  get firstKeyGroup(): number {
    return this.#range.first;
  }

  get lastKeyGroup(): number {
    return this.#range.last;
  }

  get key(): KeyPart {
    invariant(this.#key !== undefined, 'keyed state is used outside of a record or timer: no key is set');
    return this.#key;
  }

  get namespace(): Binary {
    return this.#namespace;
  }

  set(key: KeyPart, namespace: Binary | undefined): void {
    this.#key = key;
    this.#namespace = namespace === undefined ? NO_NAMESPACE : lengthPrefixed(namespace);
    this.version += 1;
  }

  /** Throws when the key is not of this subtask: a record in the wrong place would write another subtask's state. */
  partOf(key: string): KeyPart {
    let part = this.#known.get(key);
    if (part === undefined) {
      part = this.#partOfBinary(binaryOfText(key));
      if (this.#known.size >= KEYS_MAX) {
        this.#known.clear();
      }
      this.#known.set(key, part);
    }
    return part;
  }

  #partOfBinary(binary: Binary): KeyPart {
    const target = binary.length <= scratch.length ? scratch : Buffer.allocUnsafe(binary.length);
    const length = target.write(binary, 0, 'latin1');
    const keyGroup = flinkMurmur(murmur3(target.subarray(0, length))) % this.#maxParallelism;
    invariant(
      keyGroup >= this.#range.first && keyGroup <= this.#range.last,
      `a key of key group ${keyGroup} reached the subtask of ${this.#range.first} to ${this.#range.last}`,
    );
    return keyPart(keyGroup, binary);
  }
}

/** One state's rows: by key group its section and prefix, computed once. */
export class StateRows {
  readonly id: number;
  readonly #context: KeyContext;
  readonly #prefixes: readonly Binary[];
  #version = -1;
  #row: Binary = '';

  constructor(id: number, context: KeyContext) {
    this.id = id;
    this.#context = context;
    const { firstKeyGroup, lastKeyGroup } = context;
    this.#prefixes = Array.from({ length: lastKeyGroup - firstKeyGroup + 1 }, (_, i) =>
      sectionPrefix(sectionOf(firstKeyGroup + i, id)),
    );
  }

  get section(): number {
    return sectionOf(this.#context.key.keyGroup, this.id);
  }

  /** The row of the current key and namespace. */
  get row(): Binary {
    if (this.#version !== this.#context.version) {
      this.#row = this.rowOf(this.#context.key, this.#context.namespace);
      this.#version = this.#context.version;
    }
    return this.#row;
  }

  rowOf(key: KeyPart, namespacePart: Binary): Binary {
    return namespacePart === NO_NAMESPACE
      ? (key.rows[this.id] ??= this.#join(key, namespacePart))
      : this.#join(key, namespacePart);
  }

  #join({ keyGroup, part }: KeyPart, namespacePart: Binary): Binary {
    return (this.#prefixes[keyGroup - this.#context.firstKeyGroup] ?? '') + part + namespacePart;
  }
}
