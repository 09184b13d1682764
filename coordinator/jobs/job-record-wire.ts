import type { RestoreHandle } from '../../shared/control/messages.ts';
import { parseCheckpointId, parseSplitId } from '../../shared/ids.ts';
import type { AttemptRecord, RecordedAttempt } from './attempt-record.ts';
import { NOTHING_QUARANTINED } from '../recovery/quarantine.ts';
import type { Quarantine } from '../recovery/quarantine.ts';
import type { UsedNumbers } from './job-events.ts';
import type { JobRecord, StoredSource, TerminalRecord } from './job-record.ts';

/**
 * Job records as JSON. Written and read by coordinators of one version range only, behind the store's fence: what is read was
 * written by one of us, so the form is checked as a whole (`format`), not field by field.
 */
const FORMAT = 1;

export type Parsed<T> =
  { readonly kind: 'parsed'; readonly record: T } | { readonly kind: 'malformed'; readonly problem: string };

type WireHandle = Omit<RestoreHandle, 'checkpoint'> & { readonly checkpoint: string };
type WireSource = Omit<StoredSource, 'finished'> & { readonly finished: readonly string[] };
type WireJob = Omit<JobRecord, 'sources' | 'origin' | 'quarantine'> & {
  /** Absent in records that an earlier version has written. */
  readonly quarantine?: Quarantine;
  readonly sources: readonly WireSource[];
  readonly origin: WireHandle | null;
};
type WireAttempt = Omit<RecordedAttempt, 'restoredFrom'> & { readonly restoredFrom: WireHandle | null };
interface WireAttempts {
  readonly current: WireAttempt | null;
  readonly condemned: readonly WireAttempt[];
}

export function formatJobRecord(record: JobRecord): string {
  const { sources, origin, ...rest } = record;
  const wire: WireJob = {
    ...rest,
    sources: sources.map((source) => ({ ...source, finished: [...source.finished] })),
    origin: handleToWire(origin),
  };
  return formatRecord(wire);
}

export function parseJobRecord(text: string): Parsed<JobRecord> {
  return parseRecord<WireJob, JobRecord>(text, ({ sources, origin, quarantine, ...rest }) => ({
    ...rest,
    quarantine: quarantine ?? NOTHING_QUARANTINED,
    sources: sources.map((source) => ({ ...source, finished: new Set(source.finished.map(parseSplitId)) })),
    origin: handleFromWire(origin),
  }));
}

/** undefined: nothing is to be stored. */
export function formatAttempts({ current, condemned }: AttemptRecord): string | undefined {
  return current === undefined && condemned.length === 0
    ? undefined
    : formatRecord({
        current: current === undefined ? null : attemptToWire(current),
        condemned: condemned.map(attemptToWire),
      } satisfies WireAttempts);
}

export function parseAttempts(text: string): Parsed<AttemptRecord> {
  return parseRecord<WireAttempts, AttemptRecord>(text, ({ current, condemned }) => ({
    current: current === null ? undefined : attemptFromWire(current),
    condemned: condemned.map(attemptFromWire),
  }));
}

export function formatTerminal({ state }: TerminalRecord): string {
  return formatRecord({ state });
}

export function parseTerminal(text: string): Parsed<TerminalRecord> {
  return parseRecord<TerminalRecord, TerminalRecord>(text, ({ state }) => ({ state }));
}

export function formatUsedNumbers({ attempt, checkpoint }: UsedNumbers): string {
  return formatRecord({ attempt, checkpoint: checkpoint.toString() });
}

export function parseUsedNumbers(text: string): Parsed<UsedNumbers> {
  return parseRecord<Pick<UsedNumbers, 'attempt'> & { readonly checkpoint: string }, UsedNumbers>(
    text,
    ({ attempt, checkpoint }) => ({ attempt, checkpoint: BigInt(checkpoint) }),
  );
}

function attemptToWire(attempt: RecordedAttempt): WireAttempt {
  return { ...attempt, restoredFrom: handleToWire(attempt.restoredFrom) };
}

function attemptFromWire(wire: WireAttempt): RecordedAttempt {
  return { ...wire, restoredFrom: handleFromWire(wire.restoredFrom) };
}

function handleToWire(handle: RestoreHandle | undefined): WireHandle | null {
  return handle === undefined ? null : { ...handle, checkpoint: handle.checkpoint.toString() };
}

function handleFromWire(wire: WireHandle | null): RestoreHandle | undefined {
  return wire === null
    ? undefined
    : { metadataKey: wire.metadataKey, checkpoint: parseCheckpointId(BigInt(wire.checkpoint)) };
}

function formatRecord(wire: object): string {
  return JSON.stringify({ format: FORMAT, ...wire });
}

function parseRecord<W extends object, T>(text: string, from: (wire: W) => T): Parsed<T> {
  try {
    const { format, ...wire } = JSON.parse(text) as { readonly format?: unknown } & W;
    if (format !== FORMAT) {
      return { kind: 'malformed', problem: `format ${String(format)}, this version reads ${FORMAT}` };
    }
    return { kind: 'parsed', record: from(wire as unknown as W) };
  } catch {
    return { kind: 'malformed', problem: 'it is not what a coordinator writes' };
  }
}
