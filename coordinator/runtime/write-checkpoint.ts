import { failpoint, failpointAsync } from '../../shared/failpoints/failpoint.ts';
import type { FailpointName } from '../../shared/failpoints/failpoint-names.ts';
import { classifyUnknown, formatFailure, isAbort } from '../../shared/failure/failure.ts';
import { formatMetadata } from '../../shared/checkpoint/format-metadata.ts';
import { folderOf } from '../../shared/checkpoint/object-keys.ts';
import type { CheckpointPersist, CheckpointRecord, ObjectAnswer } from '../checkpoints/checkpoint-events.ts';
import type { JobSend } from '../jobs/job-events.ts';
import type { EffectDeps } from './perform-effects.ts';

type WriteDeps = Pick<EffectDeps, 'snapshots' | 'writer' | 'raise' | 'logger'>;

/** One try of the metadata object. The checkpoint repeats it as often as its own timeout allows. */
const OBJECT_DEADLINE_MS = 10_000;

/** What a checkpoint makes durable. Each is answered by one event, and repeated by whoever asked. */
export async function writeCheckpoint(
  { jobId, attempt, write }: Extract<JobSend, { kind: 'write-checkpoint' }>,
  deps: WriteDeps,
  signal: AbortSignal,
): Promise<void> {
  if (write.kind === 'put-object') {
    await failpointAsync('coordinator.after-last-ack');
    const answer = await putObject(write, deps, signal);
    if (answer !== undefined) {
      const { checkpoint } = write.metadata;
      passFailpoint(answer.kind === 'created' ? 'coordinator.metadata-written' : undefined);
      deps.raise({
        kind: 'checkpoint-written',
        jobId,
        attempt,
        answer: { kind: 'object-answered', checkpoint, answer },
      });
    }
    return;
  }
  const answer = await deps.writer.tryWrite(jobId, write, signal);
  const record = write.record.kind;
  passFailpoint(answer.kind === 'done' ? AFTER[record] : undefined);
  deps.raise({ kind: 'checkpoint-written', jobId, attempt, answer: { kind: 'record-answered', record, answer } });
}

const AFTER: Readonly<Record<CheckpointRecord['kind'], FailpointName>> = {
  ids: 'coordinator.ids-reserved',
  pointer: 'coordinator.pointer-written',
  marker: 'coordinator.marker-written',
  terminal: 'coordinator.terminal-written',
};

function passFailpoint(name: FailpointName | undefined): void {
  if (name !== undefined) {
    failpoint(name);
  }
}

/** undefined: the process is ending. */
async function putObject(
  { key, metadata }: Extract<CheckpointPersist, { kind: 'put-object' }>,
  { snapshots, logger }: WriteDeps,
  signal: AbortSignal,
): Promise<ObjectAnswer | undefined> {
  try {
    const bytes = formatMetadata(metadata, folderOf(key));
    const { kind } = await snapshots.put(key, bytes, { deadlineMs: OBJECT_DEADLINE_MS, signal });
    return { kind };
  } catch (error) {
    if (signal.aborted && isAbort(error)) {
      return undefined;
    }
    const failure = classifyUnknown(error, `the metadata object ${key}`);
    logger.warn('checkpoint-metadata-not-written', { key, failure: formatFailure(failure) });
    // What may pass (the store cannot be reached) is tried again; until then the checkpoint waits for its own timeout.
    return failure.reaction === 'fail-job' ? { kind: 'refused', failure } : { kind: 'ambiguous' };
  }
}
