import { isName, parseJobId } from '../../shared/ids.ts';
import type { JobRecordKind, RecordKey } from './job-store.ts';

const KINDS: ReadonlySet<string> = new Set<JobRecordKind>(['job', 'attempt', 'ids', 'pointer', 'marker', 'terminal']);

/** The inverse of `recordKeyName`; undefined for a name that no key has. */
export function parseRecordKey(name: string): RecordKey | undefined {
  if (name === 'attempt-floor') {
    return { kind: 'attempt-floor' };
  }
  const [folder, jobId, kind, ...more] = name.split('/');
  if (folder !== 'jobs' || jobId === undefined || kind === undefined || more.length > 0) {
    return undefined;
  }
  return isName(jobId) && isRecordKind(kind) ? { kind, jobId: parseJobId(jobId) } : undefined;
}

function isRecordKind(kind: string): kind is JobRecordKind {
  return KINDS.has(kind);
}
