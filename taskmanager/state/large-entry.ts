import type { Binary } from '../../shared/checkpoint/binary.ts';
import { invariant } from '../../shared/invariant.ts';
import { DELETED } from './dirty-layer.ts';
import type { RowChange } from './dirty-layer.ts';
import { changesNewestFirst } from './layer-stack.ts';
import type { LayerStack } from './layer-stack.ts';
import { parseOverlayValue } from './overlay-entry.ts';
import { overlayPrefix } from './state-key.ts';

/** One entry of a large map: where it is. */
export interface EntryPlace {
  readonly section: number;
  readonly row: Binary;
  readonly mapKey: Binary;
}

/** What memory knows of one entry: its value, that it is deleted, or undefined: the store must be asked. */
export function peekEntry(layers: LayerStack, place: EntryPlace): Binary | typeof DELETED | undefined {
  for (const change of changesNewestFirst(layers, place.section, place.row)) {
    const known = change === undefined ? undefined : entryOf(change, place.mapKey);
    if (change === undefined || known !== undefined) {
      return known;
    }
  }
  return undefined;
}

/** The keys to read for one entry: in the store, and in each overlay, where the head of the row tells whether it was emptied. */
export function keysToRead(layers: LayerStack, { row, mapKey }: EntryPlace): Binary[] {
  const spilled = layers.sealed.filter((layer) => layer.isSpilled).map((layer) => overlayPrefix(layer.sequence));
  return [row + mapKey, ...spilled.flatMap((prefix) => [prefix + row, prefix + row + mapKey])];
}

/**
 * One entry from the answers to `keysToRead`, under all layers that are here now. The read began under a ticket that is still
 * held (layer-stack L2).
 */
export function resolveEntry(
  layers: LayerStack,
  place: EntryPlace,
  answers: ReadonlyMap<Binary, Binary>,
): Binary | undefined {
  const { section, row, mapKey } = place;
  for (const layer of [layers.current, ...layers.sealed.toReversed()]) {
    const change = layer.content?.get(section)?.get(row);
    const known = change === undefined ? undefined : entryOf(change, mapKey);
    if (known !== undefined) {
      return known === DELETED ? undefined : known;
    }
    if (layer.content === undefined) {
      const spilled = spilledEntry(answers, overlayPrefix(layer.sequence) + row, mapKey);
      if (spilled !== undefined) {
        return spilled === DELETED ? undefined : spilled;
      }
    }
  }
  return answers.get(row + mapKey);
}

function spilledEntry(
  answers: ReadonlyMap<Binary, Binary>,
  row: Binary,
  mapKey: Binary,
): Binary | typeof DELETED | undefined {
  const entry = answers.get(row + mapKey);
  if (entry !== undefined) {
    const { change } = parseOverlayValue(entry);
    return change?.kind === 'put' ? change.value : DELETED;
  }
  const head = answers.get(row);
  return head !== undefined && parseOverlayValue(head).isCleared ? DELETED : undefined;
}

function entryOf(change: RowChange, mapKey: Binary): Binary | typeof DELETED | undefined {
  invariant(typeof change === 'object', 'a row is used as a map and as a single value');
  return change.entries.get(mapKey) ?? (change.cleared === undefined ? undefined : DELETED);
}
