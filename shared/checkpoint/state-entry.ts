import type { Binary } from './binary.ts';

/**
 * One change of keyed state, as segments hold it and as it is applied.
 *
 *   put     the key has this value
 *   delete  the key has none
 *   clear   no key that begins with `key` has one (a row of a map is emptied); comes before every other entry of those keys
 *
 * Sequences of entries are sorted by key; at the same key a clear comes first. Prefixes that are cleared never contain one
 * another: rows are prefix-free (state-key.ts).
 */
export type StateEntry =
  | { readonly kind: 'put'; readonly key: Binary; readonly value: Binary }
  | { readonly kind: 'delete'; readonly key: Binary }
  | { readonly kind: 'clear'; readonly key: Binary };

/** Sorted entries in batches. A batch may be empty: its maker has worked and wants to let others work. */
export type EntryStream = AsyncIterable<readonly StateEntry[]>;
