import type { CheckpointDetailDecoded } from '../../proto/generated/nerve/v1/CheckpointDetail.ts';
import type { CheckpointSummaryDecoded } from '../../proto/generated/nerve/v1/CheckpointSummary.ts';
import type { CollectGarbageResponseDecoded } from '../../proto/generated/nerve/v1/CollectGarbageResponse.ts';
import type { OperatorStateSummaryDecoded } from '../../proto/generated/nerve/v1/OperatorStateSummary.ts';
import type { SavepointResponseDecoded } from '../../proto/generated/nerve/v1/SavepointResponse.ts';
import { STATE_KINDS } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { CheckpointInventory, OperatorInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import { failureFromWire } from '../../shared/wire/failure-wire.ts';
import type { CheckpointSummary, CollectedGarbage, SavepointDone } from './admin-client.ts';

/** The admin API's answers about snapshots (proto/admin.proto) as values of our own types. */
export function savepointFromWire({ directory, checkpointId }: SavepointResponseDecoded): SavepointDone {
  return { directory, checkpoint: BigInt(checkpointId) };
}

export function checkpointFromWire(
  wire: CheckpointDetailDecoded,
): CheckpointInventory & { readonly directory: string } {
  return {
    jobId: wire.jobId,
    checkpoint: BigInt(wire.checkpointId),
    kind: wire.kind === 'savepoint' ? 'savepoint' : 'checkpoint',
    directory: wire.directory,
    triggeredAtMs: Number(wire.triggeredAtMs),
    completedAtMs: Number(wire.completedAtMs),
    operators: wire.operators.map(operatorFromWire),
  };
}

function operatorFromWire(wire: OperatorStateSummaryDecoded): OperatorInventory {
  const { uid, name, parallelism, maxParallelism, hashId, segments, splits, finishedSplits, finishedSubtasks } = wire;
  return {
    uid,
    name,
    parallelism,
    maxParallelism,
    hashId,
    states: wire.states.flatMap((state) => {
      const kind = STATE_KINDS.find((known) => known === state.kind);
      return kind === undefined ? [] : [{ ...state, kind }];
    }),
    keyedBytes: Number(wire.keyedBytes),
    segments,
    lists: wire.lists.map((list) => ({
      name: list.name,
      redistribution: list.redistribution === 'union' ? 'union' : 'split',
      elements: list.elements,
    })),
    splits,
    finishedSplits,
    finishedSubtasks,
  };
}

export function garbageFromWire({ jobs, unknownJobs }: CollectGarbageResponseDecoded): CollectedGarbage {
  return {
    jobs: jobs.map(({ jobId, garbage, keptObjects, keptBytes, failure }) => ({
      jobId,
      garbage: garbage.map(({ reason, objects, bytes, keys }) => ({ reason, objects, bytes: Number(bytes), keys })),
      keptObjects,
      keptBytes: Number(keptBytes),
      ...(failure === null ? {} : { failure: failureFromWire(failure) }),
    })),
    unknownJobs,
  };
}

export function checkpointSummaryFromWire(wire: CheckpointSummaryDecoded | null): CheckpointSummary | undefined {
  if (wire === null) {
    return undefined;
  }
  const checkpoint = BigInt(wire.lastCompletedId);
  return {
    completed: Number(wire.completed),
    failed: Number(wire.failed),
    inProgress: wire.inProgress,
    last:
      checkpoint === 0n
        ? undefined
        : {
            checkpoint,
            completedAtMs: Number(wire.lastCompletedAtMs),
            tookMs: Number(wire.lastDurationMs),
            bytes: Number(wire.lastSizeBytes),
          },
    lastFailure:
      wire.lastFailure === '' ? undefined : { sentence: wire.lastFailure, atMs: Number(wire.lastFailureAtMs) },
  };
}
