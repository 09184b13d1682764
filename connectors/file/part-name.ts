import { createHash } from 'node:crypto';

/** Who writes a part. Job and uid are unique per run of a job, the attempt fences old writers. */
export interface PartOwner {
  readonly jobId: string;
  readonly uid: string;
  readonly attempt: number;
  readonly subtask: number;
}

/** A file of one topic while it is written, and what it is called once it is committed. */
export interface PartName {
  readonly temporary: string;
  readonly final: string;
}

const TEMPORARY = /^\.part-([0-9a-f]{8})-a(\d+)-s(\d+)-\d+\.jsonl\.inprogress$/;

/** `part-<job and sink>-a<attempt>-s<subtask>-<number>.jsonl`: no two writers ever share a name. */
export function partName(owner: PartOwner, number: number): PartName {
  const final = `part-${ownerTag(owner)}-a${owner.attempt}-s${owner.subtask}-${String(number).padStart(6, '0')}.jsonl`;
  return { temporary: `.${final}.inprogress`, final };
}

/** True when `name` is a part that an earlier attempt of the same sink left unfinished: nobody will ever commit it. */
export function isLeftover(name: string, owner: PartOwner): boolean {
  const match = TEMPORARY.exec(name);
  return match !== null && match[1] === ownerTag(owner) && Number(match[2]) < owner.attempt;
}

function ownerTag(owner: Pick<PartOwner, 'jobId' | 'uid'>): string {
  return createHash('sha256').update(`${owner.jobId}\n${owner.uid}`).digest('hex').slice(0, 8);
}
