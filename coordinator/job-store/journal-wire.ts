import { crc32 } from 'node:zlib';
import type { HeldValue } from './judge-transaction.ts';
import type { StoredState } from './stored-state.ts';

/**
 * The journal of a folder of job records, as text. A line is `CRC JSON`, the CRC-32 of the JSON in eight hex digits; the
 * first line holds everything (`values`), each further one what a transaction changed (null: deleted).
 *
 * J1  A line is synced before the next one is written. So only the last can be torn, and a torn one was never answered `done`.
 * J2  A line that is damaged and followed by a whole one was damaged later: the journal is not to be trusted.
 */
interface JournalLine {
  readonly epoch: string;
  readonly revision: string;
  readonly values?: Readonly<Record<string, readonly [value: string, revision: string]>>;
  readonly changes?: Readonly<Record<string, string | null>>;
}

export type ParsedJournal =
  | { readonly kind: 'state'; readonly state: StoredState; /** Bytes of the whole lines. */ readonly length: number }
  | { readonly kind: 'damaged'; readonly line: number };

/** The first line of a journal. */
export function formatState({ epoch, revision, values }: StoredState): string {
  const entries = [...values].map(([name, held]) => [name, [held.value, String(held.revision)]] as const);
  return formatLine({ epoch: String(epoch), revision: String(revision), values: Object.fromEntries(entries) });
}

/** A further line: from `before` to `after`, what was written under `names`. */
export function formatChange({ epoch, revision, values }: StoredState, names: readonly string[]): string {
  const changes = Object.fromEntries(names.map((name) => [name, values.get(name)?.value ?? null]));
  return formatLine({ epoch: String(epoch), revision: String(revision), changes });
}

export function parseJournal(bytes: Buffer): ParsedJournal {
  let state: StoredState | undefined;
  let length = 0;
  let damaged: number | undefined;
  for (let at = 0, line = 1; at < bytes.length; line += 1) {
    const end = bytes.indexOf(0x0a, at);
    const parsed = end < 0 ? undefined : parseLine(bytes.toString('utf8', at, end));
    const next = parsed === undefined ? undefined : applyLine(state, parsed);
    if (next === undefined) {
      damaged ??= line;
    } else if (damaged !== undefined) {
      return { kind: 'damaged', line: damaged };
    } else {
      state = next;
      length = end + 1;
    }
    at = end < 0 ? bytes.length : end + 1;
  }
  // The first line is written to a file of its own, which is renamed when it is synced: it cannot be torn.
  return state === undefined ? { kind: 'damaged', line: 1 } : { kind: 'state', state, length };
}

function applyLine(state: StoredState | undefined, line: JournalLine): StoredState | undefined {
  const epoch = BigInt(line.epoch);
  const revision = BigInt(line.revision);
  if (line.values !== undefined) {
    const values = Object.entries(line.values).map(
      ([name, [value, at]]) => [name, { value, revision: BigInt(at) }] as const,
    );
    return { epoch, revision, values: new Map(values) };
  }
  // A change of nothing known: the first line was damaged, and what follows it proves that.
  const values = new Map<string, HeldValue>(state?.values);
  for (const [name, value] of Object.entries(line.changes ?? {})) {
    if (value === null) {
      values.delete(name);
    } else {
      values.set(name, { value, revision });
    }
  }
  return { epoch, revision, values };
}

function formatLine(line: JournalLine): string {
  const json = JSON.stringify(line);
  return `${checksum(json)} ${json}\n`;
}

/** Undefined when the checksum says that this is not what was written. */
function parseLine(text: string): JournalLine | undefined {
  const json = text.slice(9);
  return text.startsWith(`${checksum(json)} `) ? (JSON.parse(json) as JournalLine) : undefined;
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
