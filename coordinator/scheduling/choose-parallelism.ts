export interface ParallelismBounds {
  readonly least: number;
  readonly most: number;
}

export interface ChosenParallelism {
  readonly parallelism: number;
  /** From how many slots on it could be greater; undefined: it is the greatest there is. */
  readonly growsAtSlots: number | undefined;
}

/**
 * The greatest parallelism within bounds for which there are slots enough; undefined: not even the least has them.
 *
 * Of a job of one slot sharing group that sets no parallelism itself, a parallelism takes as many slots: that is guessed first, since
 * `slotsAt` draws the job. Else it is searched for by halves. `slotsAt` should not fall as parallelism grows: where it does, what is
 * chosen fits all the same, and is perhaps not the greatest.
 */
export function chooseParallelism(
  slots: number,
  { least, most }: ParallelismBounds,
  slotsAt: (parallelism: number) => number,
): ChosenParallelism | undefined {
  if (slotsAt(least) > slots) {
    return undefined;
  }
  let fits = least;
  let tooGreat = most + 1;
  const look = (parallelism: number): void => {
    if (slotsAt(parallelism) <= slots) {
      fits = parallelism;
    } else {
      tooGreat = parallelism;
    }
  };
  for (const guess of [slots, slots + 1]) {
    if (guess > fits && guess < tooGreat) {
      look(guess);
    }
  }
  while (tooGreat - fits > 1) {
    look(Math.floor((fits + tooGreat) / 2));
  }
  return { parallelism: fits, growsAtSlots: fits === most ? undefined : Math.max(slotsAt(fits + 1), slots + 1) };
}
