import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCheckpointId } from '../../shared/ids.ts';
import { IDS_AHEAD, TransactionIds } from './transaction-ids.ts';
import type { Initialisation } from './transaction-ids.ts';
import type { TransactionOwner } from './transaction-requests.ts';

const checkpoint = (n: number): ReturnType<typeof parseCheckpointId> => parseCheckpointId(BigInt(n));

function initialised({ transactionalId, current }: Initialisation): TransactionOwner {
  return { transactionalId, producerId: 1n, producerEpoch: (current?.producerEpoch ?? -1) + 1 };
}

/** Initialises whatever is asked for. */
function fill(ids: TransactionIds): void {
  for (let next = ids.beginNext(); next !== undefined; next = ids.beginNext()) {
    ids.onInitialised(initialised(next));
  }
}

function take(ids: TransactionIds): TransactionOwner {
  const taken = ids.take();
  if (taken.kind !== 'taken') {
    throw new Error(taken.kind);
  }
  return taken.owner;
}

test('a few ids are initialised ahead, more when they are taken', () => {
  const ids = new TransactionIds(['a', 'b', 'c', 'd']);
  const first = [ids.beginNext(), ids.beginNext(), ids.beginNext()];

  expect(first.map((each) => each?.transactionalId)).toStrictEqual(['a', 'b', undefined]);
  expect(ids.take()).toStrictEqual({ kind: 'coming' });
  ids.onInitialised({ transactionalId: 'a', producerId: 1n, producerEpoch: 0 });
  expect(take(ids).transactionalId).toBe('a');
  expect(ids.beginNext()?.transactionalId).toBe('c');
});

test('a prepared id serves again once its checkpoint is committed, under the next epoch', () => {
  const ids = new TransactionIds(['a']);
  fill(ids);
  ids.prepared(take(ids).transactionalId, checkpoint(5));

  expect(ids.take()).toStrictEqual({ kind: 'exhausted' });
  ids.committed(checkpoint(4));
  expect(ids.beginNext()).toBeUndefined();
  ids.committed(checkpoint(5));
  expect(ids.beginNext()).toStrictEqual({ transactionalId: 'a', current: { producerId: 1n, producerEpoch: 0 } });
});

test('ids that served before come first, so that few are used at all', () => {
  const ids = new TransactionIds(['a', 'b', 'c', 'd']);
  fill(ids);
  ids.prepared(take(ids).transactionalId, checkpoint(1));
  ids.committed(checkpoint(1));

  expect(ids.beginNext()?.transactionalId).toBe('a');
});

test('a retired id never comes back', () => {
  const ids = new TransactionIds(['a']);
  const next = ids.beginNext();
  ids.retire(next?.transactionalId ?? '');
  ids.committed(checkpoint(9));

  expect(ids.beginNext()).toBeUndefined();
  expect(ids.take()).toStrictEqual({ kind: 'exhausted' });
  expect(ids.retiredCount).toBe(1);
});

test('no (id, epoch) is given out twice, and none before the marker of its checkpoint, whatever happens', () => {
  const action = fc.oneof(
    fc.constant('init' as const),
    fc.constant('retire' as const),
    fc.constant('take' as const),
    fc.constant('prepare' as const),
    fc.constant('commit' as const),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(action, { maxLength: 200 }), (size, actions) => {
      const ids = new TransactionIds(Array.from({ length: size }, (_, n) => `id${n}`));
      const underWay: Initialisation[] = [];
      const seen = new Set<string>();
      const uncommitted = new Map<string, number>();
      let open: TransactionOwner | undefined;
      let now = 1;
      for (const each of actions) {
        const next = ids.beginNext();
        if (next !== undefined) {
          expect(uncommitted.has(next.transactionalId)).toBe(false);
          underWay.push(next);
        }
        const oldest = each === 'init' || each === 'retire' ? underWay.shift() : undefined;
        if (oldest !== undefined && each === 'init') {
          ids.onInitialised(initialised(oldest));
        } else if (oldest !== undefined) {
          ids.retire(oldest.transactionalId);
        } else if (each === 'take' && open === undefined) {
          const taken = ids.take();
          open = taken.kind === 'taken' ? taken.owner : undefined;
          const name = `${open?.transactionalId ?? ''} ${open?.producerEpoch ?? 0}`;
          expect(open !== undefined && seen.has(name)).toBe(false);
          seen.add(name);
        } else if (each === 'prepare' && open !== undefined) {
          now += 1;
          ids.prepared(open.transactionalId, checkpoint(now));
          uncommitted.set(open.transactionalId, now);
          open = undefined;
        } else if (each === 'commit') {
          const upTo = Math.max(1, now - 1);
          ids.committed(checkpoint(upTo));
          for (const [id, at] of uncommitted) {
            if (at <= upTo) {
              uncommitted.delete(id);
            }
          }
        }
        expect(underWay.length + ids.readyCount).toBeLessThanOrEqual(IDS_AHEAD);
      }
    }),
  );
});
