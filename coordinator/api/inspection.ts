import type { RawArguments } from '../../shared/graph/job-arguments.ts';

/** What a job module is asked, in a thread of its own, before it is let into the coordinator. */
export interface InspectionRequest {
  /** What `import` takes: a path or a file URL. */
  readonly location: string;
  readonly args: RawArguments;
  readonly parallelism: number;
  readonly maxParallelism: number;
}

export type Inspection =
  | { readonly kind: 'sound'; readonly fingerprint: string }
  /** Sentences for the user, every problem at once. */
  | { readonly kind: 'unsound'; readonly problems: readonly string[] };
