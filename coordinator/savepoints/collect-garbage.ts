import { eachBounded } from '../../shared/checkpoint/copy-objects.ts';
import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { checkpointsFolder, jobFolder } from '../../shared/checkpoint/object-keys.ts';
import { referencedObjects } from '../../shared/checkpoint/referenced-objects.ts';
import type { ReferencedObject } from '../../shared/checkpoint/referenced-objects.ts';
import { findMetadata, readMetadata } from '../../shared/checkpoint/read-metadata.ts';
import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobId, LeaderEpoch } from '../../shared/ids.ts';
import type { SnapshotStore, StoreCall } from '../../shared/snapshot-store/snapshot-store.ts';
import { isMetadataKey, ownerOf } from './object-owner.ts';
import { planGarbage } from './plan-garbage.ts';
import type { FoundObjects, Garbage, GarbagePlan, JobFacts, StoredObject } from './plan-garbage.ts';

/** What the leader durably knows of its jobs. */
export interface JobLedger {
  /** False: someone newer leads. True: nobody else led, or wrote records, until this moment. */
  confirmLeadership(signal: AbortSignal): Promise<boolean>;
  /** As durable now, or at some earlier moment. */
  facts(): readonly JobFacts[];
  /** Of a job that is not among them. */
  factsOfUnknown(jobId: JobId): JobFacts;
}

/** What this leader is copying: kept from before the first object is read or written until the records speak of it. */
export interface CopiesInUse {
  readonly lineages: ReadonlySet<string>;
  /** Metadata keys of checkpoints that are being copied from. */
  readonly metadataKeys: ReadonlySet<string>;
}

export interface CollectDeps {
  readonly store: SnapshotStore;
  readonly ledger: JobLedger;
  readonly leaderEpoch: LeaderEpoch;
  readonly inUse: () => CopiesInUse;
  /** Milliseconds for each call of the store, retries included. */
  readonly callMs: number;
}

export interface CollectRequest {
  /** `subsumed`: what older checkpoints name and retained ones do not, without listing all state: cheap, for each few seconds. */
  readonly scope: 'everything' | 'subsumed';
  /** Undefined: all. */
  readonly jobId: JobId | undefined;
  /** Also all that stands in the folders of jobs that no record speaks of; only with `everything`. */
  readonly includeUnknown: boolean;
  readonly dryRun: boolean;
}

export interface CollectedJob {
  readonly jobId: JobId;
  /** Deleted, or with `dryRun` what would be. */
  readonly garbage: readonly Garbage[];
  readonly kept: readonly StoredObject[];
  /** Why the job was left alone, or some deletes failed; what is left is collected the next time. */
  readonly failure: Failure | undefined;
}

export interface Collected {
  readonly jobs: readonly CollectedJob[];
  /** Jobs that no record speaks of, left alone: they may be another cluster's. */
  readonly unknownJobs: readonly JobId[];
}

const CALLS_AT_ONCE = 8;

/**
 * Mark and sweep (plan-garbage.ts). The order matters: what stands in the store is listed first, then it is confirmed that no
 * other leader has begun anything, then the records are looked at; so a root that is younger than the listing names nothing in it
 * that it does not share with an older root.
 * Undefined: someone newer leads, and nothing was deleted.
 */
export async function collectGarbage(
  request: CollectRequest,
  deps: CollectDeps,
  signal: AbortSignal,
): Promise<Collected | undefined> {
  const call = { deadlineMs: deps.callMs, signal };
  const listing = await look(request, deps, call);
  const inUse = deps.inUse();
  if (!(await deps.ledger.confirmLeadership(signal))) {
    return undefined;
  }
  const known = deps.ledger.facts().filter(({ jobId }) => isAsked(request, jobId));
  const unknown = [...listing.keys()].filter((jobId) => !known.some((job) => job.jobId === jobId));
  const forgotten = request.includeUnknown ? unknown.map((jobId) => deps.ledger.factsOfUnknown(jobId)) : [];
  const jobs: CollectedJob[] = [];
  for (const job of [...known, ...forgotten]) {
    const seen = listing.get(job.jobId) ?? [];
    jobs.push(await collectJob(withInUse(job, inUse), { seen, inUse }, { request, deps, call }));
  }
  return { jobs, unknownJobs: request.includeUnknown ? [] : unknown };
}

interface Seen {
  readonly seen: readonly StoredObject[];
  readonly inUse: CopiesInUse;
}

interface Collecting {
  readonly request: CollectRequest;
  readonly deps: CollectDeps;
  readonly call: StoreCall;
}

async function collectJob(job: JobFacts, { seen, inUse }: Seen, work: Collecting): Promise<CollectedJob> {
  const { jobId } = job;
  try {
    const keys = seen.map(({ key }) => key);
    const references = await readReferences(job, keys, work);
    const found: FoundObjects = { references, listed: work.request.scope === 'everything' ? seen : undefined };
    const context = { leaderEpoch: work.deps.leaderEpoch, lineagesInUse: inUse.lineages };
    const plan = planGarbage(job, found, context);
    const failure = work.request.dryRun ? undefined : await sweep(plan, work);
    return { jobId, ...plan, failure };
  } catch (error) {
    work.call.signal.throwIfAborted();
    return { jobId, garbage: [], kept: [], failure: classifyUnknown(error, `the garbage of job ${jobId}`) };
  }
}

/** A root that is missing or cannot be read throws: then nothing is known to be garbage. Few are in memory at once. */
async function readReferences(
  { roots }: JobFacts,
  keys: readonly string[],
  { deps, call }: Collecting,
): Promise<FoundObjects['references']> {
  const references = new Map<string, readonly ReferencedObject[]>();
  for (const key of roots) {
    references.set(key, referencedObjects(await readMetadata(deps.store, key, call)));
  }
  const others = keys.filter((key) => !roots.has(key) && ownerOf(key).kind === 'metadata');
  await eachBounded(others, CALLS_AT_ONCE, async (key) => {
    const found = await readable(deps.store, key, call);
    if (found !== undefined) {
      references.set(key, referencedObjects(found));
    }
  });
  return references;
}

/** What an older checkpoint named is not known when its metadata cannot be read: its objects are kept until the attempt is over. */
async function readable(store: SnapshotStore, key: string, call: StoreCall): Promise<CheckpointMetadata | undefined> {
  try {
    return await findMetadata(store, key, call);
  } catch (error) {
    if (error instanceof StreamError && error.failure.code === 'snapshot-metadata-malformed') {
      return undefined;
    }
    throw error;
  }
}

/** Metadata goes only when all else is gone: it is what remembers the rest. */
async function sweep({ garbage }: GarbagePlan, { deps, call }: Collecting): Promise<Failure | undefined> {
  let failure: Failure | undefined;
  const remove = async ({ key }: Garbage): Promise<void> => {
    const answer = await deps.store.delete(key, call);
    failure ??= answer.kind === 'ambiguous' ? answer.failure : undefined;
  };
  await eachBounded(
    garbage.filter(({ key }) => !isMetadataKey(key)),
    CALLS_AT_ONCE,
    remove,
  );
  if (failure === undefined) {
    await eachBounded(
      garbage.filter(({ key }) => isMetadataKey(key)),
      CALLS_AT_ONCE,
      remove,
    );
  }
  return failure;
}

function withInUse(job: JobFacts, inUse: CopiesInUse): JobFacts {
  const own = [...inUse.metadataKeys].filter((key) => {
    const owner = ownerOf(key);
    return owner.kind !== 'foreign' && owner.jobId === job.jobId;
  });
  return own.length === 0 ? job : { ...job, roots: new Set([...job.roots, ...own]) };
}

/** What stands in the store, by job: everything, or metadata objects alone. */
async function look(
  request: CollectRequest,
  { store, ledger }: CollectDeps,
  call: StoreCall,
): Promise<ReadonlyMap<JobId, readonly StoredObject[]>> {
  const byJob = new Map<JobId, StoredObject[]>();
  for (const prefix of prefixesOf(request, ledger)) {
    for await (const { key, bytes } of store.list(prefix, call)) {
      const owner = ownerOf(key);
      if (owner.kind !== 'foreign') {
        const objects = byJob.get(owner.jobId) ?? [];
        objects.push({ key, bytes });
        byJob.set(owner.jobId, objects);
      }
    }
  }
  return byJob;
}

function prefixesOf(request: CollectRequest, ledger: JobLedger): readonly string[] {
  const { scope, jobId } = request;
  if (scope === 'everything') {
    return [jobId === undefined ? 'jobs/' : `${jobFolder(jobId)}/`];
  }
  const asked = ledger.facts().filter((job) => isAsked(request, job.jobId));
  return asked.map((job) => checkpointsFolder(job.jobId));
}

function isAsked({ jobId }: CollectRequest, job: JobId): boolean {
  return jobId === undefined || jobId === job;
}
