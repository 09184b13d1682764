import type { Binary } from '../../shared/checkpoint/binary.ts';
import { DELETED } from './dirty-layer.ts';
import type { MapChange } from './dirty-layer.ts';
import { parseOverlayValue } from './overlay-entry.ts';

/** What one layer says about a row of a map that was read from the overlay: entries at the row's keys, by map key. */
export type OverlayRow = ReadonlyMap<Binary, Binary>;

/** A map being rebuilt: entries by map key, the marker among them under the empty one. */
export type RowEntries = Map<Binary, Binary>;

export function foldChange(entries: RowEntries, { cleared, entries: changes }: MapChange): void {
  if (cleared !== undefined) {
    entries.clear();
  }
  for (const [mapKey, value] of changes) {
    if (value === DELETED) {
      entries.delete(mapKey);
    } else {
      entries.set(mapKey, value);
    }
  }
}

export function foldOverlay(entries: RowEntries, overlay: OverlayRow): void {
  const head = overlay.get('');
  if (head !== undefined && parseOverlayValue(head).isCleared) {
    entries.clear();
  }
  for (const [mapKey, value] of overlay) {
    const { change } = parseOverlayValue(value);
    if (change?.kind === 'put') {
      entries.set(mapKey, change.value);
    } else if (change?.kind === 'delete') {
      entries.delete(mapKey);
    }
  }
}
