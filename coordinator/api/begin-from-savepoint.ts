import { metadataKeyIn, parseSnapshotFolder } from '../../shared/checkpoint/snapshot-folder.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { JobId, LeaderEpoch, OperatorUid } from '../../shared/ids.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import { KEY_HASH_ID } from '../../shared/keygroups/key-hash.ts';
import { restoreSavepoint } from '../savepoints/restore-savepoint.ts';
import type { RestoringOperator } from '../savepoints/plan-restore.ts';
import type { RestoreSource } from '../savepoints/restore-savepoint.ts';
import type { SnapshotDeps } from './snapshot-deps.ts';
import { submitJob } from './submit-job.ts';
import type { SubmitDeps, SubmitRequest } from './submit-job.ts';

export interface Submitted {
  readonly jobId: JobId;
  readonly leftBehind: readonly OperatorUid[];
}

/** Submits a job, with `source` to begin from a savepoint: it is copied when the job is known to be sound. */
export async function submitFrom(
  request: SubmitRequest,
  source: RestoreSource | undefined,
  deps: SubmitDeps & { readonly snapshots: SnapshotDeps },
  signal: AbortSignal,
): Promise<Submitted> {
  if (source === undefined) {
    return { jobId: await submitJob(request, deps, signal), leftBehind: [] };
  }
  const { snapshots, loop } = deps;
  const held = [snapshots.copies.hold({ metadataKey: metadataKeyIn(parseSnapshotFolder(source.directory).folder) })];
  let leftBehind: readonly OperatorUid[] = [];
  const prepareOrigin: SubmitRequest['prepareOrigin'] = async ({ spec, graph }, preparing) => {
    held.push(snapshots.copies.hold({ lineage: spec.lineage }));
    const job = restoringJob({ jobId: spec.jobId, lineage: spec.lineage, leaderEpoch: loop.epoch }, graph);
    const restored = await restoreSavepoint(source, job, snapshots, preparing);
    leftBehind = restored.leftBehind;
    return { restore: restored.handle, metadata: restored.metadata };
  };
  try {
    const jobId = await submitJob({ ...request, prepareOrigin }, deps, signal);
    return { jobId, leftBehind };
  } finally {
    held.forEach(({ release }) => {
      release();
    });
  }
}

function restoringJob(
  identity: { readonly jobId: JobId; readonly lineage: string; readonly leaderEpoch: LeaderEpoch },
  { vertices, maxParallelism }: JobGraph,
): Parameters<typeof restoreSavepoint>[1] {
  const operators = vertices.flatMap(({ nodes }) =>
    nodes.map(({ uid }): RestoringOperator => ({ uid: parseOperatorUid(uid), maxParallelism, hashId: KEY_HASH_ID })),
  );
  return { ...identity, operators };
}
