import { parseSplitId } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';
import type { SplitState } from '../../shared/connector/source.ts';
import { seededRandom } from '../../shared/random/random.ts';
import type { Random } from '../../shared/random/random.ts';

/** One split of a generated feed, and how far it is. */
export interface GeneratorSplit {
  /** 0 … splits − 1: the `partition` of its records. */
  readonly number: number;
  /** When the feed was first started, epoch milliseconds: records' times are the same after every restart. */
  readonly startedAtMs: number;
  /** How many of its records were handed over: the `offset` of the next one. */
  readonly next: number;
}

export function encodeGeneratorSplit(split: GeneratorSplit): SplitState {
  return { id: parseSplitId(`generator-${split.number}`), position: JSON.stringify(split) };
}

export function parseGeneratorSplit(state: SplitState): GeneratorSplit {
  const json: unknown = JSON.parse(state.position);
  invariant(typeof json === 'object' && json !== null, `the position of split "${state.id}" is not an object`);
  const whole = (field: string): number => {
    const value: unknown = Reflect.get(json, field);
    invariant(
      typeof value === 'number' && Number.isSafeInteger(value) && value >= 0,
      `the position of split "${state.id}" has no valid ${field}`,
    );
    return value;
  };
  return { number: whole('number'), startedAtMs: whole('startedAtMs'), next: whole('next') };
}

/** How many of `count` records split `number` of `splits` makes; Infinity when the feed never ends. */
export function splitLength(count: number | undefined, splits: number, number: number): number {
  return count === undefined ? Infinity : Math.max(0, Math.ceil((count - number) / splits));
}

/** The randomness of one record: a function of seed and index, so that any record can be made without those before it. */
export function recordRandom(seed: number, index: number): Random {
  const low = Math.imul(index | 0, 0x9e3779b1);
  const high = Math.imul(Math.floor(index / 4294967296) | 0, 0x85ebca6b);
  const mixed = Math.imul(seed | 0, 0xc2b2ae35) ^ low ^ high;
  return seededRandom(Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) ^ (mixed >>> 12));
}
