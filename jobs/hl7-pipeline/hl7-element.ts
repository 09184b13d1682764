import type { Serializer } from '../../index.ts';
import type { Hl7Message } from '../../hl7/message/hl7-message.ts';
import { parseMessage } from '../../hl7/message/parse-message.ts';
import type { Route } from '../../hl7/route/route-of.ts';
import type { Origin } from './origin.ts';
import { Senders } from './sender.ts';
import type { Sender } from './sender.ts';

/** What is known of an accepted message besides its bytes. */
export interface Hl7ElementFields {
  /** The raw message, unchanged. */
  readonly bytes: Buffer;
  readonly origin: Origin;
  readonly ingestedMs: number;
  readonly sender: Sender;
  readonly route: Route;
  /** The patient key; undefined for a message without a patient. */
  readonly key: string | undefined;
  /** Codes of what was odd, separated by commas. */
  readonly warnings: string;
}

/** An accepted message between the steps: its raw bytes and a small header. Who needs a field parses it, lazily and once. */
export class Hl7Element {
  readonly kind = 'message';
  readonly fields: Hl7ElementFields;
  #message: Hl7Message | undefined;

  constructor(fields: Hl7ElementFields, message?: Hl7Message) {
    this.fields = fields;
    this.#message = message;
  }

  get message(): Hl7Message {
    this.#message ??= parseAgain(this.fields.bytes, this.fields.sender.charset);
    return this.#message;
  }
}

/** Bytes that were accepted parse again the same way: parsing is a function of the bytes and the character set. */
function parseAgain(bytes: Buffer, charset: string | undefined): Hl7Message {
  const parsed = parseMessage(bytes, {
    bytesMax: Infinity,
    ...(charset === undefined ? {} : { charset: { undeclared: charset } }),
  });
  if (parsed.kind === 'malformed') {
    throw new TypeError(`a message that was accepted does not parse again: ${parsed.problem.code}`);
  }
  return parsed.message;
}

const ROUTES: readonly Route[] = ['adt', 'oru', 'orm', 'dft', 'mdm', 'other'];
const FORMAT = 1;
const HAS_KEY = 1;
const HAS_SRC_INDEX = 2;
const HAS_FILE = 4;
/** format u8 · route u8 · flags u8 · spare u8 · received f64 · ingested f64 · srcIndex u32 · 5 lengths u32 · text bytes u32 */
const FIXED_BYTES = 4 + 8 + 8 + 4 + 5 * 4 + 4;
/** UTF-8 takes at most this many bytes per UTF-16 unit. */
const UTF8_PER_UNIT = 3;

const senders = new Senders();

/**
 * The element on its way to another subtask: a fixed head, then all texts as one string (one write, one read; lengths in UTF-16
 * units cut it), then the raw bytes. `decode` keeps a view of the raw bytes.
 */
export const hl7ElementSerializer: Serializer<Hl7Element> = {
  id: 'hl7-element/1',
  encode: (element) => {
    const { fields } = element;
    const units = fields.origin.src.length + fields.sender.text.length + (fields.key?.length ?? 0);
    const more = (fields.origin.file?.length ?? 0) + fields.warnings.length;
    const target = Buffer.allocUnsafe(FIXED_BYTES + (units + more) * UTF8_PER_UNIT + fields.bytes.length);
    return target.subarray(0, encodeInto(element, target, 0));
  },
  decode: (bytes) => decode(bytes),
  encodeInto,
};

function encodeInto({ fields }: Hl7Element, target: Buffer, offset: number): number {
  const { bytes, origin, sender, warnings } = fields;
  const key = fields.key ?? '';
  const file = origin.file ?? '';
  const text = origin.src + sender.text + key + file + warnings;
  if (offset + FIXED_BYTES + text.length * UTF8_PER_UNIT + bytes.length > target.length) {
    return -1;
  }
  let at = target.writeUInt8(FORMAT, offset);
  at = target.writeUInt8(ROUTES.indexOf(fields.route), at);
  at = target.writeUInt8(flagsOf(fields), at);
  at = target.writeUInt8(0, at);
  at = target.writeDoubleLE(origin.receivedMs, at);
  at = target.writeDoubleLE(fields.ingestedMs, at);
  at = target.writeUInt32LE(origin.srcIndex ?? 0, at);
  at = target.writeUInt32LE(origin.src.length, at);
  at = target.writeUInt32LE(sender.text.length, at);
  at = target.writeUInt32LE(key.length, at);
  at = target.writeUInt32LE(file.length, at);
  at = target.writeUInt32LE(warnings.length, at);
  const textBytes = target.write(text, at + 4, 'utf8');
  at = target.writeUInt32LE(textBytes, at) + textBytes;
  return at + bytes.copy(target, at);
}

function flagsOf({ key, origin }: Hl7ElementFields): number {
  return (
    (key === undefined ? 0 : HAS_KEY) |
    (origin.srcIndex === undefined ? 0 : HAS_SRC_INDEX) |
    (origin.file === undefined ? 0 : HAS_FILE)
  );
}

function decode(source: Buffer): Hl7Element {
  const route = ROUTES[source.readUInt8(1)];
  if (source.readUInt8(0) !== FORMAT || route === undefined) {
    throw new TypeError('a message between two subtasks has an unknown format');
  }
  const flags = source.readUInt8(2);
  const textBytes = source.readUInt32LE(FIXED_BYTES - 4);
  const text = source.toString('utf8', FIXED_BYTES, FIXED_BYTES + textBytes);
  const srcEnd = source.readUInt32LE(24);
  const senderEnd = srcEnd + source.readUInt32LE(28);
  const keyEnd = senderEnd + source.readUInt32LE(32);
  const fileEnd = keyEnd + source.readUInt32LE(36);
  const origin: Origin = {
    src: text.slice(0, srcEnd),
    srcIndex: (flags & HAS_SRC_INDEX) === 0 ? undefined : source.readUInt32LE(20),
    file: (flags & HAS_FILE) === 0 ? undefined : text.slice(keyEnd, fileEnd),
    receivedMs: source.readDoubleLE(4),
  };
  return new Hl7Element({
    bytes: source.subarray(FIXED_BYTES + textBytes),
    origin,
    ingestedMs: source.readDoubleLE(12),
    sender: senders.fromText(text.slice(srcEnd, senderEnd)),
    route,
    key: (flags & HAS_KEY) === 0 ? undefined : text.slice(senderEnd, keyEnd),
    warnings: text.slice(fileEnd),
  });
}
