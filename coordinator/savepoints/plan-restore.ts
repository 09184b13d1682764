import type { CheckpointMetadata, OperatorMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { OperatorUid } from '../../shared/ids.ts';
import { moveInto, withoutCommittables } from './plan-savepoint.ts';
import type { CopyPlan } from './plan-savepoint.ts';

/** An operator of the job that is to begin from a savepoint. */
export interface RestoringOperator {
  readonly uid: OperatorUid;
  readonly maxParallelism: number;
  readonly hashId: string;
}

export interface RestoreRequest {
  readonly operators: readonly RestoringOperator[];
  /** Where the copies go, in the job's own prefix. */
  readonly folder: string;
  /** What the metadata is to say of the job that begins with it. */
  readonly identity: Pick<CheckpointMetadata, 'jobId' | 'lineage' | 'leaderEpoch'>;
  /** State of operators that the job does not have is left behind instead of being an error. */
  readonly allowNonRestored: boolean;
}

export type RestorePlan =
  | ({ readonly kind: 'planned'; readonly leftBehind: readonly OperatorUid[] } & CopyPlan)
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/**
 * What a job begins with when it is given a savepoint, or a checkpoint of another job. State is found by uid (reference §2.4);
 * the parallelism may be another, max parallelism and key hash may not, since they say where each key belongs.
 */
export function planRestore(savepoint: CheckpointMetadata, request: RestoreRequest): RestorePlan {
  const byUid = new Map(request.operators.map((operator) => [operator.uid, operator]));
  const lost = savepoint.operators.filter((operator) => !byUid.has(operator.uid) && holdsState(operator));
  const problems = savepoint.operators.flatMap((stored) => {
    const operator = byUid.get(stored.uid);
    return operator === undefined ? [] : conflictsOf(stored, operator);
  });
  if (!request.allowNonRestored) {
    problems.push(
      ...lost.map(({ uid }) => `operator ${uid} has state in the savepoint, and the job has no operator of that uid`),
    );
  }
  if (problems.length > 0) {
    return { kind: 'refused', problems };
  }
  const kept = { ...savepoint, operators: savepoint.operators.filter(({ uid }) => byUid.has(uid)) };
  const { objects, metadata } = moveInto(withoutCommittables(kept), request.folder);
  return {
    kind: 'planned',
    objects,
    metadata: { ...metadata, kind: 'savepoint', ...request.identity },
    leftBehind: lost.map(({ uid }) => uid),
  };
}

/** Why state cannot be given to an operator; empty: it can. */
export function conflictsOf(stored: OperatorMetadata, operator: Omit<RestoringOperator, 'uid'>): string[] {
  if (!holdsKeyedState(stored)) {
    return [];
  }
  const problems: string[] = [];
  if (stored.maxParallelism !== operator.maxParallelism) {
    problems.push(
      `operator ${stored.uid} has max parallelism ${operator.maxParallelism} in the job and ${stored.maxParallelism} in the savepoint: set pipeline.max-parallelism to ${stored.maxParallelism}`,
    );
  }
  if (stored.hashId !== operator.hashId) {
    problems.push(
      `operator ${stored.uid} divides its keys by ${operator.hashId} in the job and by ${stored.hashId} in the savepoint`,
    );
  }
  return problems;
}

export function holdsKeyedState({ subtasks }: OperatorMetadata): boolean {
  return subtasks.some(({ keyed }) => keyed.length > 0);
}

/** Something would be lost without it. A state that was declared and never written is none. */
export function holdsState(operator: OperatorMetadata): boolean {
  return (
    holdsKeyedState(operator) ||
    operator.coordinatorState !== undefined ||
    operator.subtasks.some(
      ({ lists, splits }) => splits.length > 0 || lists.some(({ elements }) => elements.length > 0),
    )
  );
}
