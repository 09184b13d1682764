import type { ReferencedObject } from '../../shared/checkpoint/referenced-objects.ts';
import type { AttemptNumber, CheckpointId, JobId, LeaderEpoch } from '../../shared/ids.ts';
import { isMetadataKey, ownerOf } from './object-owner.ts';
import type { ObjectOwner } from './object-owner.ts';

/**
 * Which objects of a job are garbage for ever. The planner sees the store and then the records as they were at some moment;
 * what it names may be deleted at any later moment, by a sweeper that was paused meanwhile, whatever the job has done since.
 *
 * G1  What a root names is no garbage: the retained checkpoints, those being copied into savepoints, what the running attempt
 *     began with until a checkpoint of its own has completed, what this leader is copying from. So nothing that a restore or a
 *     savepoint can need is deleted.
 * G2  State of an attempt that is over is garbage as soon as no root names it: acknowledgements of that attempt are void, and
 *     a later attempt takes its state from a root (never from what a local store remembers of objects that no root names).
 * G3  State of the running attempt is garbage only when metadata older than its last completed checkpoint names it and no root
 *     does: a subtask describes its state in the order of the checkpoints, so what it named and names no more has been merged
 *     away and is never named again. What no metadata has named yet may be named by the next acknowledgement, be it the delta
 *     of an aborted checkpoint: it is kept until the attempt is over.
 * G4  Metadata that is no root is garbage when a later checkpoint has completed (ids ascend: no pointer to it will be written
 *     any more) or a former leader wrote it (its pointer is fenced). It goes last: it is what remembers its objects.
 * G5  What was copied for a restore is garbage as soon as no root names it and the copy is not under way here: the history
 *     that began with it goes on from a root.
 * G6  Nothing is deleted that cannot be placed: unknown keys, objects of attempts or leaders newer than those that are known.
 */
export interface JobFacts {
  readonly jobId: JobId;
  /** An ended job has no running attempt, and never will have under these records. */
  readonly hasEnded: boolean;
  /** The attempt that is deployed, or is about to be. */
  readonly currentAttempt: AttemptNumber | undefined;
  /** The greatest that was ever given to this job, as far as the records say; 0: none. */
  readonly newestAttempt: AttemptNumber | 0;
  readonly lastCompleted: { readonly checkpoint: CheckpointId; readonly attempt: AttemptNumber } | undefined;
  /** Keys of the metadata objects of all roots (G1). */
  readonly roots: ReadonlySet<string>;
}

/** What was found in the store. */
export interface FoundObjects {
  /** What each metadata object names. Without those of all roots nothing of the job may be deleted. */
  readonly references: ReadonlyMap<string, readonly ReferencedObject[]>;
  /** Everything below the job's folder; undefined: only what metadata objects name is looked at. */
  readonly listed: readonly StoredObject[] | undefined;
}

export interface StoredObject {
  readonly key: string;
  readonly bytes: number;
}

export interface GarbageContext {
  readonly leaderEpoch: LeaderEpoch;
  /** Histories whose first objects this leader is copying right now. */
  readonly lineagesInUse: ReadonlySet<string>;
}

export type GarbageReason = 'attempt-over' | 'merged-away' | 'restore-over' | 'subsumed' | 'former-leader';

export interface Garbage extends StoredObject {
  readonly reason: GarbageReason;
}

export interface GarbagePlan {
  /** Metadata last (G4). */
  readonly garbage: readonly Garbage[];
  /** What no root names, and is kept: it may still come to be named, or cannot be placed (G3, G6). */
  readonly kept: readonly StoredObject[];
}

export function planGarbage(job: JobFacts, found: FoundObjects, context: GarbageContext): GarbagePlan {
  const isRoot = (key: string): boolean => job.roots.has(key);
  const named = namedBy(found.references, isRoot);
  const formerlyNamed = namedBy(found.references, (key) => !isRoot(key) && isSubsumed(job, ownerOf(key)));
  const garbage: Garbage[] = [];
  const kept: StoredObject[] = [];
  for (const object of found.listed ?? namedObjects(found.references, formerlyNamed)) {
    if (isRoot(object.key) || named.has(object.key)) {
      continue;
    }
    const reason = reasonFor(object.key, { job, formerlyNamed, context });
    if (reason === undefined) {
      kept.push(object);
    } else {
      garbage.push({ ...object, reason });
    }
  }
  return { garbage: garbage.toSorted((a, b) => Number(isMetadataKey(a.key)) - Number(isMetadataKey(b.key))), kept };
}

interface Judgement {
  readonly job: JobFacts;
  readonly formerlyNamed: ReadonlyMap<string, number>;
  readonly context: GarbageContext;
}

/** Why an object that no root names is garbage for ever; undefined: it is not known to be. */
function reasonFor(key: string, { job, formerlyNamed, context }: Judgement): GarbageReason | undefined {
  const owner = ownerOf(key);
  if (owner.kind === 'foreign' || owner.kind === 'strange' || owner.jobId !== job.jobId) {
    return undefined;
  }
  switch (owner.kind) {
    case 'state':
      return reasonForState(job, owner.attempt, formerlyNamed.has(key));
    case 'restored':
      return context.lineagesInUse.has(owner.lineage) ? undefined : 'restore-over';
    case 'metadata':
      return reasonForMetadata(job, owner, context.leaderEpoch);
  }
}

/** G2, G3. */
function reasonForState(job: JobFacts, attempt: AttemptNumber, wasNamed: boolean): GarbageReason | undefined {
  if (attempt === job.currentAttempt) {
    return job.lastCompleted?.attempt === attempt && wasNamed ? 'merged-away' : undefined;
  }
  return attempt <= job.newestAttempt ? 'attempt-over' : undefined;
}

/** G4. */
function reasonForMetadata(
  job: JobFacts,
  owner: Extract<ObjectOwner, { kind: 'metadata' }>,
  leaderEpoch: LeaderEpoch,
): GarbageReason | undefined {
  if (owner.leaderEpoch > leaderEpoch) {
    return undefined;
  }
  if (job.hasEnded || isSubsumed(job, owner)) {
    return 'subsumed';
  }
  return owner.leaderEpoch < leaderEpoch ? 'former-leader' : undefined;
}

function isSubsumed({ lastCompleted }: JobFacts, owner: ObjectOwner): boolean {
  return owner.kind === 'metadata' && lastCompleted !== undefined && owner.checkpoint < lastCompleted.checkpoint;
}

/** Keys and lengths of the objects that the chosen metadata names. */
function namedBy(
  references: FoundObjects['references'],
  isChosen: (key: string) => boolean,
): ReadonlyMap<string, number> {
  const named = new Map<string, number>();
  for (const [key, objects] of references) {
    if (isChosen(key)) {
      objects.forEach((object) => named.set(object.key, object.length));
    }
  }
  return named;
}

/** Without a listing the sizes of metadata objects are not known. */
function namedObjects(
  references: FoundObjects['references'],
  formerlyNamed: ReadonlyMap<string, number>,
): readonly StoredObject[] {
  return [
    ...[...formerlyNamed].map(([key, bytes]) => ({ key, bytes })),
    ...[...references.keys()].map((key) => ({ key, bytes: 0 })),
  ];
}
