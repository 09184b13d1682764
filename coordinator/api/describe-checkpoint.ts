import type { CheckpointDetail } from '../../proto/generated/nerve/v1/CheckpointDetail.ts';
import type { CheckpointSummary } from '../../proto/generated/nerve/v1/CheckpointSummary.ts';
import type { OperatorStateSummary } from '../../proto/generated/nerve/v1/OperatorStateSummary.ts';
import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { takeInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import type { OperatorInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import { pointerOf } from '../jobs/job-checkpoints.ts';
import type { CheckpointStats } from '../jobs/job-checkpoints.ts';
import type { Job } from '../jobs/job.ts';
import { directoryOf } from './snapshot-deps.ts';
import type { SnapshotDeps } from './snapshot-deps.ts';

/** What the last completed checkpoint of a job holds. @throws StreamError `no-checkpoint`, and as of `readMetadata` */
export async function describeCheckpoint(
  { checkpoints, spec }: Job,
  snapshots: SnapshotDeps,
  signal: AbortSignal,
): Promise<CheckpointDetail> {
  const { checkpoints: store, callMs } = snapshots;
  const pointer = pointerOf(checkpoints);
  if (pointer === undefined) {
    throw new StreamError({
      code: 'no-checkpoint',
      reaction: 'retry',
      message: `no checkpoint of job ${spec.jobId} has completed yet.`,
      remedy: '"nerve status" shows how its checkpoints fare.',
    });
  }
  const completed = checkpoints.machine?.completed;
  const metadata =
    completed?.checkpoint === pointer.checkpoint
      ? completed.metadata
      : await readMetadata(store, pointer.metadataKey, { deadlineMs: callMs, signal });
  return detailOf(metadata, directoryOf(pointer.metadataKey, snapshots));
}

function detailOf(metadata: CheckpointMetadata, directory: string): CheckpointDetail {
  const { jobId, checkpoint, kind, triggeredAtMs, completedAtMs, operators } = takeInventory(metadata);
  return {
    jobId,
    checkpointId: checkpoint.toString(),
    kind,
    directory,
    triggeredAtMs: Math.round(triggeredAtMs),
    completedAtMs: Math.round(completedAtMs),
    operators: operators.map(operatorToWire),
  };
}

function operatorToWire(operator: OperatorInventory): OperatorStateSummary {
  const { states, lists, ...rest } = operator;
  return { ...rest, states: [...states], lists: [...lists] };
}

/** How the checkpoints of a job fare; undefined before the first was triggered. */
export function summarizeCheckpoints({ checkpoints }: Job): CheckpointSummary | undefined {
  const { machine, stats } = checkpoints;
  const { completed, failed, last, lastFailure } = stats;
  const inProgress = (machine?.pending.size ?? 0) + (machine?.completing === undefined ? 0 : 1);
  if (completed + failed + inProgress === 0) {
    return undefined;
  }
  return { completed, failed, inProgress, ...lastToWire(last), ...lastFailureToWire(lastFailure) };
}

function lastToWire(last: CheckpointStats['last']): Partial<CheckpointSummary> {
  return last === undefined
    ? {}
    : {
        lastCompletedId: last.checkpoint.toString(),
        lastCompletedAtMs: Math.round(last.atMs),
        lastDurationMs: Math.round(last.tookMs),
        lastSizeBytes: last.fullBytes,
      };
}

function lastFailureToWire(failure: CheckpointStats['lastFailure']): Partial<CheckpointSummary> {
  return failure === undefined ? {} : { lastFailure: failure.sentence, lastFailureAtMs: Math.round(failure.atMs) };
}
