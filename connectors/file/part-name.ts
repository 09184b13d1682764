import { createHash } from 'node:crypto';
import type { AttemptNumber, CheckpointId } from '../../shared/ids.ts';

/** A sink of one run of a job: job ids are unique. */
export interface PartOwner {
  readonly jobId: string;
  readonly uid: string;
}

/** Who writes a part: the attempt keeps the writers of a restarted job apart from those that may still be there, frozen. */
export interface PartWriter extends PartOwner {
  readonly attempt: AttemptNumber;
  readonly subtask: number;
}

const TEMPORARY = /^\.part-([0-9a-f]{8})-a(\d+)-s\d+-\d+\.jsonl\.inprogress$/;
/** Ten digits: a checkpoint every second for three hundred years; names keep their order. */
const CHECKPOINT_DIGITS = 10;
const SUBTASK_DIGITS = 4;

/** What a part is called while it is written, and until its commit: `number` counts the writer's parts. */
export function temporaryName(writer: PartWriter, number: number): string {
  return `.part-${ownerTag(writer)}-a${writer.attempt}-s${writer.subtask}-${number}.jsonl.inprogress`;
}

/**
 * What a part is called once it is committed: `part-<checkpoint>-<job and sink>-s<subtask>.jsonl`. A job never uses a
 * checkpoint's number twice, so no name is given twice; and in the order of the names the lines of a key are in their order,
 * also across failures and other parallelisms.
 */
export function finalName(writer: PartWriter, checkpoint: CheckpointId): string {
  const number = String(checkpoint).padStart(CHECKPOINT_DIGITS, '0');
  return `part-${number}-${ownerTag(writer)}-s${String(writer.subtask).padStart(SUBTASK_DIGITS, '0')}.jsonl`;
}

/** True when `name` is a part that the sink began in an attempt up to `attemptMax` and that has no final name. */
export function isTemporaryOf(name: string, owner: PartOwner, attemptMax: AttemptNumber): boolean {
  const match = TEMPORARY.exec(name);
  return match !== null && match[1] === ownerTag(owner) && Number(match[2]) <= attemptMax;
}

function ownerTag({ jobId, uid }: PartOwner): string {
  return createHash('sha256').update(`${jobId}\n${uid}`).digest('hex').slice(0, 8);
}
