import { sectionOf, sectionPrefix } from '../../shared/checkpoint/state-key-parts.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import { prefixEnd } from '../../shared/checkpoint/binary.ts';
import { required } from '../../shared/invariant.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { StoreEntry } from './key-value-store.ts';
import type { KeyedStore } from './keyed-store.ts';
import { parseStateKey } from './state-key.ts';
import type { TimeToLive } from './time-to-live.ts';

const ENTRIES_PER_STEP = 512;

/**
 * Finds expired values in the local store and deletes them through the current epoch, so that the deletion is part of the next
 * checkpoint like any write. It never touches the store itself, and leaves alone what was written since it looked.
 */
export class TtlSweeper {
  readonly #store: KeyedStore;
  readonly #range: KeyGroupRange;
  readonly #states: { readonly id: number; readonly ttl: TimeToLive }[] = [];
  #state = 0;
  #keyGroup: number;
  #from: Binary | undefined;
  /** A row whose marker was seen, and so far nothing alive behind it. */
  #maybeEmpty: Binary | undefined;

  constructor(store: KeyedStore, range: KeyGroupRange) {
    this.#store = store;
    this.#range = range;
    this.#keyGroup = range.first;
  }

  add(id: number, ttl: TimeToLive): void {
    this.#states.push({ id, ttl });
  }

  get hasWork(): boolean {
    return this.#states.length > 0;
  }

  /** One bounded step. True when it ended a round over everything: rest before the next. */
  async step(): Promise<boolean> {
    const state = this.#states[this.#state];
    if (state === undefined) {
      return true;
    }
    const section = sectionOf(this.#keyGroup, state.id);
    const prefix = sectionPrefix(section);
    const range = { from: this.#from ?? prefix, to: required(prefixEnd(prefix), 'the end of a section') };
    this.#maybeEmpty = undefined;
    this.#from = await this.#store.sweep(range, ENTRIES_PER_STEP, {
      entry: (entry) => {
        this.#look(section, entry, state.ttl);
      },
      end: () => {
        this.#endRow(section);
      },
    });
    return this.#from === undefined && this.#advance();
  }

  /**
   * Entries come in order: first a map's marker, then what is in it. A marker whose map is seen whole in this step, with nothing
   * alive in it, goes too; else maps that have expired would leave their markers for ever.
   */
  #look(section: number, { key, value }: StoreEntry, ttl: TimeToLive): void {
    const { row, mapKey } = parseStateKey(key);
    if (row !== this.#maybeEmpty) {
      this.#endRow(section);
    }
    if (value === '') {
      this.#maybeEmpty = row;
    } else if (!ttl.isExpired(value) || !this.#store.epochs.deleteSwept(section, row, mapKey)) {
      this.#maybeEmpty = undefined;
    }
  }

  #endRow(section: number): void {
    if (this.#maybeEmpty !== undefined) {
      this.#store.epochs.deleteSweptMarker(section, this.#maybeEmpty);
      this.#maybeEmpty = undefined;
    }
  }

  #advance(): boolean {
    this.#keyGroup += 1;
    if (this.#keyGroup <= this.#range.last) {
      return false;
    }
    this.#keyGroup = this.#range.first;
    this.#state = (this.#state + 1) % this.#states.length;
    return this.#state === 0;
  }
}
