import type { SplitState } from '../../shared/connector/source.ts';
import { parseSplitId } from '../../shared/ids.ts';
import type { SplitId } from '../../shared/ids.ts';

/**
 * What the coordinator knows of one source's splits, as JSON in a checkpoint's metadata (`coordinatorState`). The readers'
 * snapshots say how far the assigned ones are; this says which exist at all.
 */
export interface KnownSplits {
  /** Every split that was discovered, at its start position, in the order of discovery. */
  readonly splits: readonly SplitState[];
  /** Those of them that are read to their end: never given to a reader again. */
  readonly finished: ReadonlySet<SplitId>;
  /** No split will ever be added. */
  readonly isComplete: boolean;
}

interface Wire {
  readonly known: readonly { readonly id: string; readonly position: string }[];
  readonly finished: readonly string[];
  readonly complete: boolean;
}

export function formatKnownSplits({ splits, finished, isComplete }: KnownSplits): string {
  const known = splits.map(({ id, position }) => ({ id, position }));
  return JSON.stringify({ known, finished: [...finished], complete: isComplete } satisfies Wire);
}

/** undefined: it is not what `formatKnownSplits` writes. */
export function parseKnownSplits(text: string): KnownSplits | undefined {
  const wire = wireOf(text);
  if (wire === undefined) {
    return undefined;
  }
  return {
    splits: wire.known.map(({ id, position }) => ({ id: parseSplitId(id), position })),
    finished: new Set(wire.finished.map(parseSplitId)),
    isComplete: wire.complete,
  };
}

function wireOf(text: string): Wire | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) {
    return undefined;
  }
  const { known, finished, complete } = value as Partial<Record<keyof Wire, unknown>>;
  const isSound =
    Array.isArray(known) &&
    known.every(isSplit) &&
    Array.isArray(finished) &&
    finished.every((id) => typeof id === 'string' && id.length > 0) &&
    typeof complete === 'boolean';
  return isSound ? (value as Wire) : undefined;
}

function isSplit(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) {
    return false;
  }
  const { id, position } = value as Partial<Record<'id' | 'position', unknown>>;
  return typeof id === 'string' && id.length > 0 && typeof position === 'string';
}
