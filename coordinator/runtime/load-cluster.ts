import { StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { folderOf } from '../../shared/checkpoint/object-keys.ts';
import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { parseMetadata } from '../../shared/checkpoint/parse-metadata.ts';
import type { JobId } from '../../shared/ids.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { CheckpointPointer } from '../checkpoints/checkpoint-events.ts';
import { parseNumber, parsePointer } from '../checkpoints/checkpoint-record-wire.ts';
import type { StoredCheckpoints } from '../checkpoints/open-checkpoints.ts';
import { recordKeyName } from '../job-store/job-store.ts';
import type { JobRecordKind, JobStore, StoredRecord } from '../job-store/job-store.ts';
import { NO_ATTEMPTS } from '../jobs/attempt-record.ts';
import { NOTHING_STORED } from '../jobs/job-checkpoints.ts';
import { parseAttempts, parseJobRecord, parseTerminal, parseUsedNumbers } from '../jobs/job-record-wire.ts';
import type { Parsed } from '../jobs/job-record-wire.ts';
import type { LoadedJob } from '../jobs/recover-job.ts';
import type { LoadedCluster } from '../kernel/recover-kernel.ts';
import { EMPTY_KERNEL } from '../kernel/kernel-state.ts';

const LOAD_DEADLINE_MS = 10_000;
const METADATA_DEADLINE_MS = 30_000;

/** What the store holds now, as it stands. */
export async function loadRecords(store: JobStore, signal: AbortSignal): Promise<readonly StoredRecord[]> {
  return await store.load({ deadlineMs: LOAD_DEADLINE_MS, signal });
}

/**
 * The records as jobs, with the metadata of their last checkpoints.
 * @throws StreamError when the snapshot store cannot be reached now, or a record was not written by this version
 */
export async function readCluster(
  records: readonly StoredRecord[],
  snapshots: SnapshotStore,
  signal: AbortSignal,
): Promise<LoadedCluster> {
  const floor = records.find(({ key }) => key.kind === 'attempt-floor');
  const byJob = new Map<JobId, Map<JobRecordKind, StoredRecord>>();
  for (const record of records) {
    const { key } = record;
    if (key.kind !== 'attempt-floor') {
      const ofJob = byJob.get(key.jobId) ?? new Map<JobRecordKind, StoredRecord>();
      byJob.set(key.jobId, ofJob.set(key.kind, record));
    }
  }
  const jobs = await Promise.all([...byJob.values()].map(async (ofJob) => await readJob(ofJob, snapshots, signal)));
  return {
    jobs: jobs.filter((job) => job !== undefined),
    floor: floor === undefined ? EMPTY_KERNEL.floor : sound(floor, parseUsedNumbers(floor.value)),
  };
}

async function readJob(
  records: ReadonlyMap<JobRecordKind, StoredRecord>,
  snapshots: SnapshotStore,
  signal: AbortSignal,
): Promise<LoadedJob | undefined> {
  const job = records.get('job');
  if (job === undefined) {
    // Its ids alone: what is left of a job whose record was never written.
    return undefined;
  }
  const attempt = records.get('attempt');
  const terminal = records.get('terminal');
  const read = await readCheckpoints(records, snapshots, signal);
  return {
    record: sound(job, parseJobRecord(job.value)),
    attempts: attempt === undefined ? NO_ATTEMPTS : sound(attempt, parseAttempts(attempt.value)),
    attemptRevision: attempt?.revision ?? 0n,
    terminal: terminal === undefined ? undefined : sound(terminal, parseTerminal(terminal.value)),
    ...read,
  };
}

async function readCheckpoints(
  records: ReadonlyMap<JobRecordKind, StoredRecord>,
  snapshots: SnapshotStore,
  signal: AbortSignal,
): Promise<Pick<LoadedJob, 'stored' | 'problem'>> {
  const ids = records.get('ids');
  const marker = records.get('marker');
  const pointer = records.get('pointer');
  const stored: StoredCheckpoints = {
    ...NOTHING_STORED,
    reservedTo: ids === undefined ? 0n : required(ids, parseNumber(ids.value)),
    marker: marker === undefined ? undefined : required(marker, parseNumber(marker.value)),
    revisions: {
      ids: ids?.revision ?? 0n,
      pointer: pointer?.revision ?? 0n,
      marker: marker?.revision ?? 0n,
    },
  };
  if (pointer === undefined) {
    return { stored, problem: undefined };
  }
  const found = required(pointer, parsePointer(pointer.value));
  const metadata = await readMetadata(found, snapshots, signal);
  return metadata.kind === 'read'
    ? { stored: { ...stored, pointer: { pointer: found, metadata: metadata.metadata } }, problem: undefined }
    : { stored, problem: metadata.failure };
}

type ReadMetadata =
  | { readonly kind: 'read'; readonly metadata: CheckpointMetadata }
  | { readonly kind: 'lost'; readonly failure: Failure };

async function readMetadata(
  { checkpoint, metadataKey }: CheckpointPointer,
  snapshots: SnapshotStore,
  signal: AbortSignal,
): Promise<ReadMetadata> {
  const answer = await snapshots.get(metadataKey, { deadlineMs: METADATA_DEADLINE_MS, signal });
  if (answer.kind === 'absent') {
    return lost(`checkpoint ${checkpoint} cannot be restored: the snapshot store has no object ${metadataKey}`);
  }
  const parsed = parseMetadata(answer.bytes, folderOf(metadataKey));
  return parsed.kind === 'parsed'
    ? { kind: 'read', metadata: parsed.metadata }
    : lost(`checkpoint ${checkpoint} cannot be restored: ${metadataKey}: ${parsed.problems.join('; ')}`);
}

function lost(message: string): ReadMetadata {
  const failure = {
    code: 'checkpoint-unreadable',
    reaction: 'fail-job',
    message,
    remedy: 'See that state.checkpoints.dir is the one that the job was run with; begin again from a savepoint.',
  } as const;
  return { kind: 'lost', failure };
}

function sound<T>(record: StoredRecord, parsed: Parsed<T>): T {
  if (parsed.kind === 'malformed') {
    throw unreadable(record, parsed.problem);
  }
  return parsed.record;
}

function required<T>(record: StoredRecord, value: T | undefined): T {
  if (value === undefined) {
    throw unreadable(record, 'it is not what a coordinator writes');
  }
  return value;
}

function unreadable({ key }: StoredRecord, problem: string): StreamError {
  return new StreamError({
    code: 'job-record-unreadable',
    reaction: 'fail-job',
    message: `The job record ${recordKeyName(key)} cannot be read: ${problem}.`,
    remedy:
      'Run the version of nerve-stream that wrote it; high-availability.cluster-id must be of this cluster alone.',
  });
}
