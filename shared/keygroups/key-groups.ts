import { parseKeyGroup, parseSubtaskIndex } from '../ids.ts';
import type { KeyGroup, SubtaskIndex } from '../ids.ts';
import { invariant } from '../invariant.ts';
import { flinkMurmur, murmur3 } from './key-hash.ts';

/**
 * Key groups: the unit in which keyed state is assigned and moved. Arithmetic of Flink's `KeyGroupRangeAssignment`.
 *
 * I1  Every key belongs to exactly one key group, a function of its serialized bytes and max parallelism alone.
 * I2  The ranges of the subtasks 0…P−1 cover 0…M−1 without gap or overlap, for every 1 ≤ P ≤ M ≤ 32768.
 * I3  A key group's owner by `subtaskOfKeyGroup` is the subtask whose range holds it.
 */
export const MAX_PARALLELISM_LIMIT = 32768;

/** Both ends inclusive. */
export interface KeyGroupRange {
  readonly first: KeyGroup;
  readonly last: KeyGroup;
}

export function keyGroupOf(key: Uint8Array, maxParallelism: number): KeyGroup {
  return parseKeyGroup(flinkMurmur(murmur3(key)) % maxParallelism);
}

export function subtaskOfKeyGroup(group: KeyGroup, parallelism: number, maxParallelism: number): SubtaskIndex {
  return parseSubtaskIndex(Math.floor((group * parallelism) / maxParallelism));
}

/** The subtask that owns a key, in one step for the partitioner's hot path. */
export function subtaskOfKey(key: Uint8Array, parallelism: number, maxParallelism: number): number {
  return Math.floor(((flinkMurmur(murmur3(key)) % maxParallelism) * parallelism) / maxParallelism);
}

export function keyGroupRange(subtask: SubtaskIndex, parallelism: number, maxParallelism: number): KeyGroupRange {
  checkBounds(parallelism, maxParallelism);
  invariant(subtask < parallelism, `subtask ${subtask} is outside parallelism ${parallelism}`);
  return {
    first: parseKeyGroup(Math.floor((subtask * maxParallelism + parallelism - 1) / parallelism)),
    last: parseKeyGroup(Math.floor(((subtask + 1) * maxParallelism - 1) / parallelism)),
  };
}

/** Flink's default for a job that sets none: parallelism and a half, rounded up to a power of two, 128 to 32768. */
export function defaultMaxParallelism(parallelism: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(parallelism + Math.floor(parallelism / 2)));
  return Math.min(Math.max(wanted, 128), MAX_PARALLELISM_LIMIT);
}

function checkBounds(parallelism: number, maxParallelism: number): void {
  invariant(
    parallelism >= 1 && parallelism <= maxParallelism && maxParallelism <= MAX_PARALLELISM_LIMIT,
    `1 ≤ parallelism ≤ max parallelism ≤ ${MAX_PARALLELISM_LIMIT} does not hold for ${parallelism} and ${maxParallelism}`,
  );
}
