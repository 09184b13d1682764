import type { Binary } from '../../shared/checkpoint/binary.ts';
import type { StateEntry } from '../../shared/checkpoint/state-entry.ts';
import { InvariantViolation, unreachable } from '../../shared/invariant.ts';

/**
 * How a spilled layer stands in the store: under its own prefix, one entry for each key, whose first byte says what happened.
 * A row that was emptied and whose marker was then written anew has both under the one key.
 */
const PUT = 'p';
const DELETE = 'd';
const CLEAR = 'c';
const CLEAR_AND_PUT = 'b';

export interface OverlayChange {
  readonly isCleared: boolean;
  readonly change: { readonly kind: 'put'; readonly value: Binary } | { readonly kind: 'delete' } | undefined;
}

export function formatOverlayEntries(
  entries: readonly StateEntry[],
): { readonly key: Binary; readonly value: Binary }[] {
  const overlay: { key: Binary; value: Binary }[] = [];
  for (const entry of entries) {
    const last = overlay.at(-1);
    if (entry.kind === 'put' && last?.key === entry.key && last.value === CLEAR) {
      last.value = CLEAR_AND_PUT + entry.value;
    } else if (!(entry.kind === 'delete' && last?.key === entry.key)) {
      overlay.push({ key: entry.key, value: valueOf(entry) });
    }
  }
  return overlay;
}

export function parseOverlayValue(value: Binary): OverlayChange {
  switch (value[0]) {
    case PUT:
      return { isCleared: false, change: { kind: 'put', value: value.slice(1) } };
    case DELETE:
      return { isCleared: false, change: { kind: 'delete' } };
    case CLEAR:
      return { isCleared: true, change: undefined };
    case CLEAR_AND_PUT:
      return { isCleared: true, change: { kind: 'put', value: value.slice(1) } };
    default:
      throw new InvariantViolation('a spilled entry of an unknown kind');
  }
}

export function overlayToEntries(key: Binary, value: Binary): StateEntry[] {
  const { isCleared, change } = parseOverlayValue(value);
  const entries: StateEntry[] = isCleared ? [{ kind: 'clear', key }] : [];
  if (change !== undefined) {
    entries.push({ ...change, key });
  }
  return entries;
}

function valueOf(entry: StateEntry): Binary {
  switch (entry.kind) {
    case 'put':
      return PUT + entry.value;
    case 'delete':
      return DELETE;
    case 'clear':
      return CLEAR;
    default:
      return unreachable(entry);
  }
}
