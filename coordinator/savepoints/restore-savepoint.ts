import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { copyObjects, putOnce } from '../../shared/checkpoint/copy-objects.ts';
import { formatMetadata } from '../../shared/checkpoint/format-metadata.ts';
import { restoredFolder } from '../../shared/checkpoint/object-keys.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { metadataKeyIn, parseSnapshotFolder } from '../../shared/checkpoint/snapshot-folder.ts';
import type { RestoreHandle } from '../../shared/control/messages.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { JobId, LeaderEpoch, OperatorUid } from '../../shared/ids.ts';
import type { SavepointDeps } from './copy-savepoint.ts';
import { planRestore } from './plan-restore.ts';
import type { RestorePlan, RestoringOperator } from './plan-restore.ts';

export interface RestoreSource {
  /** Of a savepoint, or of a checkpoint, as the user named it. */
  readonly directory: string;
  readonly allowNonRestored: boolean;
}

export interface RestoringJob {
  readonly jobId: JobId;
  /** New, and never used before: the name of the copies, and of the history that begins with them. */
  readonly lineage: string;
  readonly leaderEpoch: LeaderEpoch;
  readonly operators: readonly RestoringOperator[];
}

/** What the first attempt of the job begins with. Its checkpoint ids must begin above `metadata.checkpoint`. */
export interface RestoredSavepoint {
  readonly handle: RestoreHandle;
  readonly metadata: CheckpointMetadata;
  /** Operators of the savepoint whose state the job has no place for. */
  readonly leftBehind: readonly OperatorUid[];
}

/**
 * Copies a savepoint into the prefix of the job that is to begin from it: the savepoint stays the user's, who may remove it as
 * soon as the job is submitted. Nothing is copied when it does not fit.
 * @throws StreamError `savepoint-incompatible` naming every problem, and as of `readMetadata` and `copyObjects`
 */
export async function restoreSavepoint(
  { directory, allowNonRestored }: RestoreSource,
  job: RestoringJob,
  deps: SavepointDeps,
  signal: AbortSignal,
): Promise<RestoredSavepoint> {
  const { location, folder } = parseSnapshotFolder(directory);
  const call = { deadlineMs: deps.callMs, signal };
  const from = await deps.open(location);
  try {
    const savepoint = await readMetadata(from, metadataKeyIn(folder), call, directory);
    const target = restoredFolder(job.jobId, job.lineage);
    const { jobId, lineage, leaderEpoch, operators } = job;
    const identity = { jobId, lineage, leaderEpoch };
    const plan = planned(planRestore(savepoint, { operators, folder: target, identity, allowNonRestored }), directory);
    await copyObjects(plan.objects, { from, to: deps.checkpoints, call });
    const metadataKey = metadataKeyIn(target);
    await putOnce(deps.checkpoints, metadataKey, formatMetadata(plan.metadata, target), call);
    const handle = { checkpoint: plan.metadata.checkpoint, metadataKey };
    return { handle, metadata: plan.metadata, leftBehind: plan.leftBehind };
  } finally {
    await from.close();
  }
}

function planned(plan: RestorePlan, directory: string): Extract<RestorePlan, { kind: 'planned' }> {
  if (plan.kind === 'planned') {
    return plan;
  }
  throw new StreamError({
    code: 'savepoint-incompatible',
    reaction: 'fail-job',
    message: `the job cannot begin from ${directory}:\n${plan.problems.map((problem) => `  - ${problem}`).join('\n')}`,
    remedy:
      '"nerve check" shows what would become of each state; --allow-non-restored-state leaves behind what has no operator.',
  });
}
