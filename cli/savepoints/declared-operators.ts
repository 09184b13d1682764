import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import type { JobOperator } from './compare-states.ts';
import { recordStates } from './record-states.ts';

/** What a thread is asked of a job (declare-states-main.ts). */
export interface DeclareRequest {
  /** What `import` takes. */
  readonly location: string;
  readonly args: RawArguments;
  readonly parallelism: number;
  readonly maxParallelism: number;
}

export type Declared =
  | { readonly kind: 'declared'; readonly operators: readonly JobOperator[] }
  | { readonly kind: 'failed'; readonly sentence: string };

/** Every operator of a job, with the states that it declares when it opens. */
export function declaredOperators({ jobName, vertices, maxParallelism }: JobGraph): readonly JobOperator[] {
  return vertices.flatMap(({ parallelism, nodes }) =>
    nodes.map((node) => ({
      uid: node.uid,
      kind: node.operator.kind,
      parallelism,
      maxParallelism,
      hashId: KEY_HASH_ID,
      declared: recordStates(node, jobName),
    })),
  );
}
