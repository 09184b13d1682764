import type { SplitId } from '../../shared/ids.ts';
import { Silence } from './silence.ts';
import type { SplitPosition } from './split-position.ts';
import { splitIdOf } from './split-position.ts';

/** A partition as the fetcher sees it: how far it is fetched, and from whom. */
export interface FetchedSplit {
  readonly id: SplitId;
  readonly topic: string;
  readonly partition: number;
  readonly end: bigint | undefined;
  readonly silence: Silence;
  fetchOffset: bigint;
  /** The end of the partition as last heard. */
  endOffset: bigint | undefined;
  /** The broker whose loop fetches it; undefined while its leader is looked for. */
  nodeId: number | undefined;
}

/** The partitions that are fetched, each under the broker that leads it or among the lost. */
export class FetchedSplits {
  readonly #splits = new Map<SplitId, FetchedSplit>();
  #turn = 0;

  /** The split is lost at first. */
  add({ topic, partition, next, end }: SplitPosition): void {
    const id = splitIdOf(topic, partition);
    this.#splits.set(id, {
      id,
      topic,
      partition,
      end,
      silence: new Silence(),
      fetchOffset: next,
      endOffset: undefined,
      nodeId: undefined,
    });
  }

  get(id: SplitId): FetchedSplit | undefined {
    return this.#splits.get(id);
  }

  delete(id: SplitId): void {
    this.#splits.delete(id);
  }

  lost(): readonly FetchedSplit[] {
    return this.#ledBy(undefined);
  }

  ledBy(nodeId: number): readonly FetchedSplit[] {
    return this.#ledBy(nodeId);
  }

  /** The splits of a broker, beginning with another one each time: the first of a request fills it when all have much. */
  inTurn(nodeId: number): readonly FetchedSplit[] {
    const mine = this.#ledBy(nodeId);
    this.#turn += 1;
    const first = this.#turn % Math.max(mine.length, 1);
    return [...mine.slice(first), ...mine.slice(0, first)];
  }

  /** Nothing is fetched from that broker any more. */
  loseAllOf(nodeId: number): void {
    for (const split of this.#ledBy(nodeId)) {
      split.nodeId = undefined;
    }
  }

  #ledBy(nodeId: number | undefined): readonly FetchedSplit[] {
    return [...this.#splits.values()].filter((split) => split.nodeId === nodeId);
  }
}
