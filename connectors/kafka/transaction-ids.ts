import type { CheckpointId } from '../../shared/ids.ts';
import { invariant, required } from '../../shared/invariant.ts';
import type { ProducerIdAndEpoch, TransactionOwner } from './transaction-requests.ts';

/** Initialised before they are needed: a writer's next transaction begins without asking first. */
export const IDS_AHEAD = 2;

type IdState =
  | { readonly kind: 'unused' }
  | { readonly kind: 'initialising'; readonly from: ProducerIdAndEpoch | undefined }
  | { readonly kind: 'ready'; readonly owner: TransactionOwner }
  | { readonly kind: 'in-use'; readonly owner: TransactionOwner }
  | { readonly kind: 'prepared'; readonly owner: TransactionOwner; readonly checkpoint: CheckpointId }
  | { readonly kind: 'committed'; readonly owner: TransactionOwner }
  | { readonly kind: 'retired' };

export interface Initialisation {
  readonly transactionalId: string;
  /** What the id was before; undefined: nobody has asked for it yet. */
  readonly current: ProducerIdAndEpoch | undefined;
}

export type TakenId =
  | { readonly kind: 'taken'; readonly owner: TransactionOwner }
  /** One is being initialised. */
  | { readonly kind: 'coming' }
  /** All are prepared and wait for a commit, or are retired. */
  | { readonly kind: 'exhausted' };

/**
 * A writer's pool of transactional ids (DESIGN §8.1, §8.3).
 *
 * I1  An (id, epoch) carries one transaction: `taken` once, `prepared` once, and initialised anew before it is `ready` again.
 * I2  A prepared id is not touched before its checkpoint's marker was heard of (`committed`).
 * I3  An id whose initialisation may or may not have happened is retired: a late copy of that request would abort whatever the
 *     id carries by then, also what is prepared.
 */
export class TransactionIds {
  readonly #states = new Map<string, IdState>();

  constructor(transactionalIds: readonly string[]) {
    for (const id of transactionalIds) {
      this.#states.set(id, { kind: 'unused' });
    }
  }

  /** How many may be taken at once. */
  get readyCount(): number {
    return this.#count('ready');
  }

  /** Ids that have no way back into use. */
  get retiredCount(): number {
    return this.#count('retired');
  }

  /** The next id to initialise, from now on under way; those that served before come first. Undefined: enough are ahead. */
  beginNext(): Initialisation | undefined {
    if (this.#count('ready') + this.#count('initialising') >= IDS_AHEAD) {
      return undefined;
    }
    const next = this.#find('committed') ?? this.#find('unused');
    if (next === undefined) {
      return undefined;
    }
    const [transactionalId, state] = next;
    const from = state.kind === 'committed' ? state.owner : undefined;
    this.#states.set(transactionalId, { kind: 'initialising', from });
    const current = from === undefined ? undefined : { producerId: from.producerId, producerEpoch: from.producerEpoch };
    return { transactionalId, current };
  }

  onInitialised(owner: TransactionOwner): void {
    this.#expect(owner.transactionalId, 'initialising');
    this.#states.set(owner.transactionalId, { kind: 'ready', owner });
  }

  /** I3 */
  retire(transactionalId: string): void {
    this.#expect(transactionalId, 'initialising');
    this.#states.set(transactionalId, { kind: 'retired' });
  }

  take(): TakenId {
    const ready = this.#find('ready');
    if (ready === undefined) {
      const isComing = this.#count('initialising') + this.#count('unused') + this.#count('committed') > 0;
      return { kind: isComing ? 'coming' : 'exhausted' };
    }
    const [transactionalId, state] = ready;
    invariant(state.kind === 'ready', 'a ready id is ready');
    this.#states.set(transactionalId, { kind: 'in-use', owner: state.owner });
    return { kind: 'taken', owner: state.owner };
  }

  prepared(transactionalId: string, checkpoint: CheckpointId): void {
    const state = this.#expect(transactionalId, 'in-use');
    invariant(state.kind === 'in-use', 'an id in use is in use');
    this.#states.set(transactionalId, { kind: 'prepared', owner: state.owner, checkpoint });
  }

  /** Cumulative, repeatable (I2). */
  committed(checkpoint: CheckpointId): void {
    for (const [transactionalId, state] of this.#states) {
      if (state.kind === 'prepared' && state.checkpoint <= checkpoint) {
        this.#states.set(transactionalId, { kind: 'committed', owner: state.owner });
      }
    }
  }

  #count(kind: IdState['kind']): number {
    return [...this.#states.values()].filter((state) => state.kind === kind).length;
  }

  #find(kind: IdState['kind']): readonly [string, IdState] | undefined {
    return [...this.#states].find(([, state]) => state.kind === kind);
  }

  #expect(transactionalId: string, kind: IdState['kind']): IdState {
    const state = required(this.#states.get(transactionalId), `transactional id ${transactionalId}`);
    invariant(state.kind === kind, `transactional id ${transactionalId} is ${state.kind}, not ${kind}`);
    return state;
  }
}
