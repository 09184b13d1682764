import { TRANSACTIONAL_ID_NOT_FOUND } from './error-codes.ts';
import type { TransactionOwner } from './transaction-requests.ts';
import type { DescribedTransaction } from './transaction-states-request.ts';

/**
 * What became of a transaction whose commit was refused, by what its coordinator says of the id now.
 *
 * I1  `committed` and `open` only where nothing else can be true: the same producer and epoch. As soon as the id was given out
 *     again nobody can tell any more, and that is `lost` too: our own marker would have said that it was committed.
 */
export type Judgement =
  | { readonly kind: 'committed' }
  /** It can still be committed, or its coordinator is on its way to say more. */
  | { readonly kind: 'open' }
  | { readonly kind: 'lost'; readonly because: string };

export function judgeTransaction(owner: TransactionOwner, described: DescribedTransaction): Judgement {
  const { state, producerId, producerEpoch } = described;
  if (described.errorCode === TRANSACTIONAL_ID_NOT_FOUND || state === 'Dead') {
    return { kind: 'lost', because: 'the broker no longer knows its id' };
  }
  if (state === 'Unknown') {
    return { kind: 'open' };
  }
  if (producerId === owner.producerId && producerEpoch === owner.producerEpoch) {
    return judgeState(described);
  }
  const isNext = producerId === owner.producerId && producerEpoch === owner.producerEpoch + 1;
  if (isNext && (state === 'PrepareAbort' || state === 'CompleteAbort')) {
    // Only the broker's own clock raises the epoch and leaves the abort as the last word.
    return {
      kind: 'lost',
      because: 'the broker aborted it: its transaction timeout ran out, or its id was taken over',
    };
  }
  return {
    kind: 'lost',
    because: `its id was given out again (producer ${producerId}, epoch ${producerEpoch}, ${state}), and the broker no longer knows how it ended`,
  };
}

function judgeState({ state }: DescribedTransaction): Judgement {
  switch (state) {
    case 'PrepareCommit':
    case 'CompleteCommit':
      return { kind: 'committed' };
    case 'Ongoing':
      return { kind: 'open' };
    case 'Empty':
      return { kind: 'lost', because: 'the broker says that nothing was written in it' };
    default:
      return { kind: 'lost', because: 'the broker aborted it' };
  }
}
