import { sectionOf, sectionPrefix } from '../../shared/checkpoint/state-key-parts.ts';
import type { Binary } from '../../shared/checkpoint/binary.ts';
import { prefixEnd } from '../../shared/checkpoint/binary.ts';
import { required } from '../../shared/invariant.ts';
import type { KeyGroupRange } from '../../shared/keygroups/key-groups.ts';
import type { KeyPart } from '../state/key-context.ts';
import type { KeyedStore } from '../state/keyed-store.ts';
import type { StateDictionary } from '../state/state-dictionary.ts';
import { TimerGroup } from './timer-group.ts';
import { parseTimer, timeOfRow, timerRow } from './timer-key.ts';
import type { Timer } from './timer-key.ts';

export interface TimerServiceOptions {
  readonly store: KeyedStore;
  readonly dictionary: StateDictionary;
  readonly range: KeyGroupRange;
  readonly time: 'event' | 'processing';
  /** False when the store may hold timers already: after a restore or a rollback. */
  readonly isFresh: boolean;
  /** Timers held in memory for each key group. */
  readonly headMax?: number;
}

const HEAD_MAX = 128;

/**
 * The timers of one subtask for one kind of time. Timers are state: a registration belongs to the current epoch, and a
 * checkpoint contains exactly the timers that had not fired before its barrier. The same (time, key, namespace) is one timer.
 *
 * Firing, as the operator does it: `due` names the next timers; their keys' state is prefetched; then for each, in order, `take`
 * (false: an earlier callback has deleted it), set the key, call back. Between two of them barriers and other work may come.
 */
export class TimerService {
  readonly #store: KeyedStore;
  readonly #id: number;
  readonly #range: KeyGroupRange;
  readonly #headMax: number;
  readonly #groups: readonly TimerGroup[];
  /** Lower bound of all groups' earliest times, so that most watermarks cost one comparison. */
  #earliestMs: number;

  constructor({ store, dictionary, range, time, isFresh, headMax = HEAD_MAX }: TimerServiceOptions) {
    const state = { name: `timers/${time}`, kind: 'timers', version: 1, serializer: 'timer/1' } as const;
    this.#store = store;
    this.#range = range;
    this.#headMax = headMax;
    this.#id = dictionary.declare(state, false);
    this.#groups = Array.from({ length: range.last - range.first + 1 }, (_, i) => {
      const first = sectionPrefix(sectionOf(range.first + i, this.#id));
      return new TimerGroup(headMax, isFresh ? undefined : first);
    });
    this.#earliestMs = isFresh ? Infinity : -Infinity;
  }

  /** No timer is earlier. May be too early; −∞ while it is not known what a restore has brought. */
  get earliestMs(): number {
    return this.#earliestMs;
  }

  register(key: KeyPart, namespace: Binary, timestampMs: number): void {
    const section = sectionOf(key.keyGroup, this.#id);
    const row = timerRow(section, timestampMs, key, namespace);
    if (this.#groupOf(key.keyGroup).register(row)) {
      this.#store.epochs.writeRow(section, row, '');
      this.#earliestMs = Math.min(this.#earliestMs, timestampMs);
    }
  }

  delete(key: KeyPart, namespace: Binary, timestampMs: number): void {
    const section = sectionOf(key.keyGroup, this.#id);
    const row = timerRow(section, timestampMs, key, namespace);
    if (this.#groupOf(key.keyGroup).delete(row)) {
      this.#store.epochs.writeRow(section, row, undefined);
    }
  }

  /**
   * The next timers at or before `upToMs`, in order of time, at most `max`; `read`: some key groups must be read first
   * (`readHeads`), since earlier timers may be there. Empty: nothing is due.
   */
  due(upToMs: number, max: number): readonly Timer[] | 'read' {
    if (this.#earliestMs > upToMs) {
      return [];
    }
    const knownUpTo = this.#groups.reduce((least, group) => Math.min(least, group.unknownFromMs), Infinity);
    const limit = Math.min(upToMs, knownUpTo);
    const timers = this.#groups.flatMap((group, i) => this.#headOf(group, this.#range.first + i, limit, max));
    if (timers.length === 0 && knownUpTo <= upToMs) {
      return 'read';
    }
    if (timers.length === 0) {
      this.#earliestMs = this.#groups.reduce((least, group) => Math.min(least, group.earliestMs), Infinity);
    }
    return timers.sort((a, b) => a.timestampMs - b.timestampMs || (a.row < b.row ? -1 : 1)).slice(0, max);
  }

  /** Takes a timer that is about to fire; false when it was deleted since `due` named it. */
  take({ section, row }: Timer): boolean {
    if (!this.#groupOf(section >>> 16).delete(row)) {
      return false;
    }
    this.#store.epochs.writeRow(section, row, undefined);
    return true;
  }

  /** When to call `due` next; undefined: there is no timer. May be too early, never too late. */
  nextMs(): number | undefined {
    this.#earliestMs = this.#groups.reduce((least, group) => Math.min(least, group.earliestMs), Infinity);
    return this.#earliestMs === Infinity ? undefined : this.#earliestMs;
  }

  /** Fills the heads that are empty while there may be timers up to `upToMs` in the state. */
  async readHeads(upToMs: number): Promise<void> {
    for (const [i, group] of this.#groups.entries()) {
      if (group.needsRead && group.unknownFromMs <= upToMs) {
        await this.#readHead(group, sectionOf(this.#range.first + i, this.#id));
      }
    }
  }

  async #readHead(group: TimerGroup, section: number): Promise<void> {
    const read = group.beginRead();
    const to = required(prefixEnd(sectionPrefix(section)), 'the end of a section');
    const rows: Binary[] = [];
    try {
      for await (const batch of this.#store.scanSection(section, { from: read.from, to })) {
        rows.push(...batch.map((entry) => entry.key));
        if (rows.length > this.#headMax) {
          break;
        }
      }
    } catch (error) {
      group.abandonRead(read);
      throw error;
    }
    group.endRead(read, rows.slice(0, this.#headMax), rows.length <= this.#headMax);
  }

  #headOf(group: TimerGroup, keyGroup: number, limitMs: number, max: number): Timer[] {
    const section = sectionOf(keyGroup, this.#id);
    const timers: Timer[] = [];
    for (const row of group.head) {
      if (timers.length === max || timeOfRow(row) > limitMs) {
        break;
      }
      timers.push(parseTimer(section, row));
    }
    return timers;
  }

  #groupOf(keyGroup: number): TimerGroup {
    return required(this.#groups[keyGroup - this.#range.first], 'the timers of a key group');
  }
}
