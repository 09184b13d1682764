import { Packr } from 'msgpackr';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import { bytesOf } from '../../shared/checkpoint/binary.ts';
import type { StateOptions } from '../../shared/functions/state.ts';
import { invariant } from '../../shared/invariant.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import { unpackedFromWire } from './unpack-wire.ts';

/**
 * How a value of state stands in its bytes: version (1 B, the top bit says that a time follows) ‖ time of last use in
 * milliseconds (8 B, big endian; only with a time to live) ‖ payload. So a state may gain or lose its time to live, and values
 * of several versions live side by side until they are written again.
 */
const HAS_TIME = 0x80;
const TIME_BYTES = 8;
export const DEFAULT_SERIALIZER = 'msgpackr/1';

const packr = new Packr({ useRecords: false, moreTypes: true, copyBuffers: true });
/** Values pass through here on their way between string and packer; larger ones get a buffer of their own. */
const scratch = Buffer.allocUnsafeSlow(64 * 1024);

export class ValueCodec<T> {
  readonly #version: number;
  readonly #name: string;
  readonly #migrate: ((old: unknown, version: number) => T) | undefined;
  readonly #serializer: Serializer<T> | undefined;

  constructor(options: StateOptions<T>) {
    this.#version = options.version ?? 1;
    this.#name = options.name;
    this.#migrate = options.migrate;
    this.#serializer = options.serializer;
  }

  get serializerId(): string {
    return this.#serializer?.id ?? DEFAULT_SERIALIZER;
  }

  /** `usedAtMs`: with a time to live. */
  encode(value: T, usedAtMs: number | undefined): Binary {
    const payload = this.#serializer?.encode(value) ?? pack(value, this.#name);
    const head = usedAtMs === undefined ? 1 : 1 + TIME_BYTES;
    const target = head + payload.length <= scratch.length ? scratch : Buffer.allocUnsafe(head + payload.length);
    target[0] = usedAtMs === undefined ? this.#version : this.#version | HAS_TIME;
    if (usedAtMs !== undefined) {
      writeTime(target, usedAtMs);
    }
    target.set(payload, head);
    return target.latin1Slice(0, head + payload.length);
  }

  decode(binary: Binary): T {
    const first = binary.charCodeAt(0);
    const head = first >= HAS_TIME ? 1 + TIME_BYTES : 1;
    const version = first & ~HAS_TIME;
    if (version === this.#version) {
      return this.#serializer === undefined
        ? unpackedFromWire(unpack(binary, head))
        : this.#serializer.decode(bytesOf(binary.slice(head)));
    }
    invariant(
      this.#migrate !== undefined,
      `a value of state ${this.#name} has version ${version}, and nothing migrates it`,
    );
    const old: unknown =
      this.#serializer === undefined ? unpack(binary, head) : this.#serializer.decode(bytesOf(binary.slice(head)));
    return this.#migrate(old, version);
  }
}

/** When the value was last used; undefined when it was written without a time to live. */
export function usedAtOf(binary: Binary): number | undefined {
  if (binary.charCodeAt(0) < HAS_TIME) {
    return undefined;
  }
  let high = 0;
  let low = 0;
  for (let i = 1; i <= 4; i += 1) {
    high = (high << 8) | binary.charCodeAt(i);
    low = (low << 8) | binary.charCodeAt(i + 4);
  }
  return high * 0x100000000 + (low >>> 0);
}

/** The same value, used at another time. Undefined where it carries no time. */
export function withUsedAt(binary: Binary, usedAtMs: number): Binary {
  const head = Buffer.allocUnsafe(1 + TIME_BYTES);
  head[0] = binary.charCodeAt(0) | HAS_TIME;
  writeTime(head, usedAtMs);
  const payload = binary.charCodeAt(0) >= HAS_TIME ? binary.slice(1 + TIME_BYTES) : binary.slice(1);
  return head.latin1Slice(0, head.length) + payload;
}

function writeTime(target: Buffer, ms: number): void {
  const whole = Math.floor(ms);
  target.writeInt32BE(Math.floor(whole / 0x100000000), 1);
  target.writeUInt32BE(whole - Math.floor(whole / 0x100000000) * 0x100000000, 5);
}

function pack(value: unknown, name: string): Buffer {
  invariant(value !== undefined, `state ${name} is given undefined: clear it instead`);
  invariant(
    !holdsMap(value),
    `state ${name} is given a Map, which would come back as an object: use a plain object or a mapState`,
  );
  return packr.pack(value);
}

function unpack(binary: Binary, offset: number): unknown {
  const source = binary.length <= scratch.length ? scratch : Buffer.allocUnsafe(binary.length);
  const length = source.write(binary, 0, 'latin1');
  return packr.unpack(source.subarray(offset, length));
}

function holdsMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) {
    return false;
  }
  if (value instanceof Map) {
    return true;
  }
  if (Array.isArray(value)) {
    return value.some(holdsMap);
  }
  for (const field of Object.values(value)) {
    if (typeof field === 'object' && holdsMap(field)) {
      return true;
    }
  }
  return false;
}
