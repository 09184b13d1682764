/** One group on the way to a segment: `ORDER_OBSERVATION(2)`. */
export interface GroupStep {
  readonly name: string;
  /** From 1. */
  readonly occurrence: number;
}

/** A compiled path: `PID-3(2).4.2`, `OBX(3)-5`, `ORDER_OBSERVATION(2)/OBX(1)-5`. All numbers count from 1. */
export interface Path {
  readonly groups: readonly GroupStep[];
  readonly segment: string;
  readonly occurrence: number;
  /** Undefined when the path names a whole segment. */
  readonly field: number | undefined;
  readonly repetition: number;
  /** Whether the path names a repetition. `PID-3` and `PID-3(1)` read the same, but editing tells them apart. */
  readonly hasRepetition: boolean;
  readonly component: number | undefined;
  readonly subcomponent: number | undefined;
}

export type CompiledPath =
  { readonly kind: 'path'; readonly path: Path } | { readonly kind: 'bad-path'; readonly sentence: string };
