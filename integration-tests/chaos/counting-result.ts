/** What the counting job writes: a running count for each message, and one word for each timer that fired. */
export type CountingResult =
  | {
      readonly kind: 'count';
      readonly key: string;
      /** How many-eth message of its key this is, from 1. */
      readonly count: number;
      /** Of all amounts of the key up to this one. */
      readonly sum: number;
      /** The last amounts of the key, this one included; three at most. */
      readonly recent: readonly number[];
      /** `partition:offset` of the message. */
      readonly source: string;
    }
  | {
      /** The timer that the key's message number `count` had set. Every fifth message sets one. */
      readonly kind: 'timer';
      readonly key: string;
      readonly count: number;
    };
