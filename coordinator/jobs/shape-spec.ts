import { chooseParallelism } from '../scheduling/choose-parallelism.ts';
import type { ParallelismBounds } from '../scheduling/choose-parallelism.ts';
import type { JobSpec } from './job-spec.ts';

/** The job as it is drawn at a parallelism. @throws StreamError what is wrong with it there */
export type DrawSpec = (parallelism: number) => JobSpec;

/** A reactive job for so many slots, at the greatest parallelism that they give; undefined: they are too few for the least. */
export function shapeSpec(draw: DrawSpec, bounds: ParallelismBounds, slots: number): JobSpec | undefined {
  const drawn = remembering(draw);
  const chosen = chooseParallelism(slots, bounds, (parallelism) => drawn(parallelism).slotsNeeded);
  return chosen === undefined ? undefined : withShape(drawn, bounds, chosen.parallelism, chosen.growsAtSlots);
}

/** The same at a given parallelism within the bounds. */
export function shapeSpecAt(draw: DrawSpec, bounds: ParallelismBounds, parallelism: number): JobSpec {
  const drawn = remembering(draw);
  const growsAtSlots =
    parallelism >= bounds.most
      ? undefined
      : Math.max(drawn(parallelism + 1).slotsNeeded, drawn(parallelism).slotsNeeded + 1);
  return withShape(drawn, bounds, parallelism, growsAtSlots);
}

function withShape(
  draw: DrawSpec,
  { least, most }: ParallelismBounds,
  parallelism: number,
  growsAtSlots: number | undefined,
): JobSpec {
  const slotsAtLeast = draw(least).slotsNeeded;
  const slotsAtMost = draw(most).slotsNeeded;
  return { ...draw(parallelism), reactive: { least, most, slotsAtLeast, slotsAtMost, growsAtSlots } };
}

function remembering(draw: DrawSpec): DrawSpec {
  const drawn = new Map<number, JobSpec>();
  return (parallelism) => {
    const spec = drawn.get(parallelism) ?? draw(parallelism);
    drawn.set(parallelism, spec);
    return spec;
  };
}
