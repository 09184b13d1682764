import { required } from '../../shared/invariant.ts';

const SHORT_MAX = 64;

/**
 * Serializes keys (UTF-8) into the same memory again and again: a key's bytes are needed only until they are hashed and
 * copied into a frame. Short ASCII keys, the common case, cost no allocation and no call into the runtime.
 */
export class KeyBytes {
  readonly #views: readonly Buffer[];
  readonly #memory: Buffer;

  constructor() {
    const memory = Buffer.alloc(SHORT_MAX);
    this.#memory = memory;
    this.#views = Array.from({ length: SHORT_MAX + 1 }, (_, length) => memory.subarray(0, length));
  }

  /** The bytes of `key`, valid until the next call. */
  of(key: string): Buffer {
    const { length } = key;
    if (length > SHORT_MAX) {
      return Buffer.from(key, 'utf8');
    }
    for (let i = 0; i < length; i += 1) {
      const code = key.charCodeAt(i);
      if (code > 0x7f) {
        return Buffer.from(key, 'utf8');
      }
      this.#memory[i] = code;
    }
    return required(this.#views[length], 'a view of a short key');
  }
}
