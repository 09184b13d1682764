import { StreamError } from '../failure/failure.ts';
import { keyGroupOf } from '../keygroups/key-groups.ts';
import type { Binary } from './binary.ts';
import { binaryOf, textOfBinary } from './binary.ts';
import type { CheckpointMetadata, OperatorMetadata, StateDictionaryEntry } from './checkpoint-metadata.ts';
import { decodeStoredValue } from './decode-value.ts';
import type { StoredValue } from './decode-value.ts';
import { readMerged } from './merge-segments.ts';
import type { ReadSegmentOptions } from './read-segment.ts';
import { compareOrder } from './segment-ref.ts';
import type { SegmentRef } from './segment-ref.ts';
import { lengthPrefixed, readLengthPrefixed, sectionOf, sectionPrefix } from './state-key-parts.ts';

export interface StateQuery {
  readonly uid: string;
  readonly state: string;
  readonly key: string;
}

/** What a checkpoint holds of one key in one state; one for each namespace (a window), most often one. */
export interface FoundState {
  readonly namespace: Binary;
  readonly content:
    | { readonly kind: 'value'; readonly value: StoredValue }
    | { readonly kind: 'list'; readonly values: readonly StoredValue[] }
    | { readonly kind: 'map'; readonly entries: readonly (readonly [string, StoredValue])[] };
}

/**
 * Reads one key's state out of a checkpoint or savepoint: the key's group, and of its segments the blocks that hold it.
 * Empty: the key has none.
 * @throws StreamError `state-not-found` when there is no such operator or state
 */
export async function findState(
  metadata: CheckpointMetadata,
  query: StateQuery,
  options: ReadSegmentOptions,
): Promise<readonly FoundState[]> {
  const { operator, state } = locate(metadata, query);
  const keyBytes = Buffer.from(query.key, 'utf8');
  const group = keyGroupOf(keyBytes, operator.maxParallelism);
  const prefix = sectionPrefix(sectionOf(group, state.id)) + lengthPrefixed(binaryOf(keyBytes));
  const refs = refsOf(operator, group);
  const rows = new Map<Binary, Map<Binary, Binary>>();
  for await (const batch of readMerged(refs, { first: group, last: group }, false, options)) {
    for (const entry of batch) {
      if (entry.kind === 'put' && entry.key.startsWith(prefix)) {
        const { part: namespace, end } = readLengthPrefixed(entry.key, prefix.length);
        const row = rows.get(namespace) ?? new Map<Binary, Binary>();
        row.set(entry.key.slice(end), entry.value);
        rows.set(namespace, row);
      }
    }
  }
  return [...rows].flatMap(([namespace, row]) => contentOf(row, state).map((content) => ({ namespace, content })));
}

function locate(
  { operators }: CheckpointMetadata,
  { uid, state: name }: StateQuery,
): { readonly operator: OperatorMetadata; readonly state: StateDictionaryEntry } {
  const operator = operators.find((known) => known.uid === uid);
  if (operator === undefined) {
    throw notFound(
      `no operator "${uid}"`,
      operators.filter(({ states }) => states.length > 0).map((known) => known.uid),
    );
  }
  const states = operator.states.filter(({ kind }) => kind !== 'timers');
  const state = states.find((known) => known.name === name);
  if (state === undefined) {
    throw notFound(
      `no state "${name}" of operator ${uid}`,
      states.map((known) => known.name),
    );
  }
  return { operator, state };
}

function notFound(what: string, known: readonly string[]): StreamError {
  return new StreamError({
    code: 'state-not-found',
    reaction: 'fail-job',
    message: `it holds ${what}; it has ${known.length === 0 ? 'none' : known.join(', ')}.`,
    remedy: '"nerve savepoint inspect" lists operators and their states.',
  });
}

/** What speaks of a key group, oldest first; nothing older than its newest base (segment-ref.ts R3). */
function refsOf({ subtasks }: OperatorMetadata, group: number): readonly SegmentRef[] {
  const refs = subtasks
    .flatMap(({ keyed }) => keyed)
    .filter(({ range }) => range.first <= group && group <= range.last)
    .toSorted((a, b) => compareOrder(a.to, b.to));
  const base = refs.findLast(({ kind }) => kind === 'base');
  return base === undefined ? refs : refs.filter(({ to }) => compareOrder(to, base.to) >= 0);
}

function contentOf(row: ReadonlyMap<Binary, Binary>, state: StateDictionaryEntry): FoundState['content'][] {
  const decode = (value: Binary): StoredValue => decodeStoredValue(value, state.serializer);
  switch (state.kind) {
    case 'value':
    case 'reducing':
    case 'aggregating':
      return [...row.values()].slice(0, 1).map((value) => ({ kind: 'value', value: decode(value) }));
    case 'list': {
      const elements = entriesOf(row).toSorted(([a], [b]) => (a < b ? -1 : 1));
      return [{ kind: 'list', values: elements.map(([, value]) => decode(value)) }];
    }
    case 'map':
    case 'large-map':
      return [
        {
          kind: 'map',
          entries: entriesOf(row).map(([mapKey, value]) => [textOfBinary(mapKey.slice(1)), decode(value)] as const),
        },
      ];
    case 'timers':
      return [];
  }
}

/** Without the row's own marker, whose map key is empty. */
function entriesOf(row: ReadonlyMap<Binary, Binary>): (readonly [Binary, Binary])[] {
  return [...row].filter(([mapKey]) => mapKey !== '');
}
