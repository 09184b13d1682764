import { unreachable } from '../../shared/invariant.ts';
import type { JobId } from '../../shared/ids.ts';
import type { CheckpointRecord } from '../checkpoints/checkpoint-events.ts';
import { formatNumber, formatPointer } from '../checkpoints/checkpoint-record-wire.ts';
import type { JobRecordKind, RecordKey } from '../job-store/job-store.ts';
import { formatAttempts, formatJobRecord, formatTerminal, formatUsedNumbers } from '../jobs/job-record-wire.ts';
import type { JobPersist } from '../jobs/job-events.ts';

/** A record as it is to be; `value` undefined: absent. */
export interface RecordChange {
  readonly key: RecordKey;
  readonly value: string | undefined;
}

const ALL_KINDS: readonly JobRecordKind[] = ['job', 'attempt', 'ids', 'pointer', 'marker', 'terminal'];

export function changesOf(persist: JobPersist): readonly RecordChange[] {
  switch (persist.kind) {
    case 'put-job': {
      const { record } = persist;
      return [{ key: { kind: 'job', jobId: record.spec.jobId }, value: formatJobRecord(record) }];
    }
    case 'put-new-job': {
      const { record, attempts } = persist;
      const { jobId } = record.spec;
      return [
        { key: { kind: 'job', jobId }, value: formatJobRecord(record) },
        { key: { kind: 'attempt', jobId }, value: formatAttempts(attempts) },
        ...absent(jobId, ['pointer', 'marker', 'terminal']),
      ];
    }
    case 'put-attempts':
      return [{ key: { kind: 'attempt', jobId: persist.jobId }, value: formatAttempts(persist.attempts) }];
    case 'put-terminal':
      return [{ key: { kind: 'terminal', jobId: persist.jobId }, value: formatTerminal(persist.record) }];
    case 'delete-job':
      return [
        ...absent(persist.jobId, ALL_KINDS),
        { key: { kind: 'attempt-floor' }, value: formatUsedNumbers(persist.floor) },
      ];
    default:
      return unreachable(persist);
  }
}

/** A record that the checkpoints write (a stop is how a job ends, too). */
export function checkpointChange(jobId: JobId, record: CheckpointRecord): RecordChange {
  const key = { kind: record.kind, jobId };
  switch (record.kind) {
    case 'ids':
      return { key, value: formatNumber(record.reservedTo) };
    case 'pointer':
      return { key, value: formatPointer(record.pointer) };
    case 'marker':
      return { key, value: formatNumber(record.checkpoint) };
    case 'terminal':
      return { key, value: formatTerminal({ state: 'finished' }) };
    default:
      return unreachable(record);
  }
}

function absent(jobId: JobId, kinds: readonly JobRecordKind[]): readonly RecordChange[] {
  return kinds.map((kind) => ({ key: { kind, jobId }, value: undefined }));
}
