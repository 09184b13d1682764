import { parseSnapshotFolder } from '../../shared/checkpoint/snapshot-folder.ts';
import { StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobId } from '../../shared/ids.ts';
import { parseSnapshotLocation } from '../../shared/snapshot-store/snapshot-location.ts';
import type { SavepointAnswer, SavepointRequest } from '../checkpoints/checkpoint-events.ts';
import { pointerOf } from '../jobs/job-checkpoints.ts';
import { hasEnded } from '../jobs/job.ts';
import type { CoordinatorLoop } from '../runtime/coordinator-loop.ts';
import { savepointDirectory } from '../savepoints/plan-savepoint.ts';
import { directoryOf } from './snapshot-deps.ts';
import type { SnapshotDeps } from './snapshot-deps.ts';

export interface SavepointOrder {
  readonly jobId: JobId;
  /** Below it the savepoint gets its folder; empty: state.savepoints.dir. */
  readonly below: string;
  readonly mode: SavepointRequest['mode'];
}

export type SavepointTaken = Extract<SavepointAnswer, { kind: 'done' }>;

/**
 * Takes a savepoint of a job that is known, in a folder of its own, whose name is chosen now and durable with the checkpoint.
 * With `stop` and `drain` it returns when the job has ended.
 * @throws StreamError `invalid-request` for a directory that cannot be; `savepoint-failed` and what the copy throws
 */
export async function takeSavepoint(
  { jobId, below, mode }: SavepointOrder,
  deps: { readonly loop: CoordinatorLoop; readonly snapshots: SnapshotDeps },
  signal: AbortSignal,
): Promise<SavepointTaken> {
  const { loop, snapshots } = deps;
  const directory = chooseDirectory(jobId, below, snapshots);
  const answer = await loop.savepoint(jobId, { directory, mode }, signal);
  if (answer.kind === 'failed') {
    throw new StreamError(withStoppedAt(answer.failure, jobId, deps));
  }
  if (mode !== 'go-on') {
    await loop.until((state) => {
      const job = state.jobs.get(jobId);
      return job === undefined || hasEnded(job);
    }, signal);
  }
  return answer;
}

/** A job that has stopped can go on from its last checkpoint, also where that could not be copied. */
function withStoppedAt(
  failure: Failure,
  jobId: JobId,
  { loop, snapshots }: { readonly loop: CoordinatorLoop; readonly snapshots: SnapshotDeps },
): Failure {
  const job = loop.state.jobs.get(jobId);
  const pointer = job === undefined ? undefined : pointerOf(job.checkpoints);
  return pointer?.final === undefined
    ? failure
    : {
        ...failure,
        remedy: `The job has stopped, and can be submitted again from its last checkpoint: --from-savepoint ${directoryOf(pointer.metadataKey, snapshots)}`,
      };
}

function chooseDirectory(
  jobId: JobId,
  below: string,
  { savepointDirectory: configured, newSuffix }: SnapshotDeps,
): string {
  const parent = below === '' ? configured : below;
  if (parent === undefined) {
    throw invalid('no directory was given for the savepoint.', 'Give one, or set state.savepoints.dir.');
  }
  const location = parseSnapshotLocation(parent);
  if (location.kind === 'malformed') {
    throw invalid(`a savepoint cannot go to "${parent}": ${location.problem}.`, LOCATIONS);
  }
  if (location.kind === 'folder' && !/^(\/|file:)/.test(location.path)) {
    throw invalid(`a savepoint cannot go to "${parent}": the path is not absolute.`, LOCATIONS);
  }
  const directory = savepointDirectory(parent, jobId, newSuffix());
  parseSnapshotFolder(directory);
  return directory;
}

const LOCATIONS = 'Give s3://BUCKET/PREFIX, or the absolute path of a folder that the coordinator sees.';

function invalid(message: string, remedy: string): StreamError {
  return new StreamError({ code: 'invalid-request', reaction: 'fail-job', message, remedy });
}
