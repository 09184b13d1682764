import type { EpochMs } from '../../shared/clock/clock.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { parseAttemptNumber } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { AttemptNumber, VertexId } from '../../shared/ids.ts';
import type { StoredCheckpoints } from '../checkpoints/open-checkpoints.ts';
import { recordFailure } from '../recovery/failure-history.ts';
import { NEVER_RESTARTED } from '../recovery/restart-policy.ts';
import type { AttemptRecord } from './attempt-record.ts';
import { beginRun } from './attempt-run.ts';
import { endByOf } from './end-attempt.ts';
import { openingCheckpoints } from './job-checkpoints.ts';
import { unchangedJob } from './job-events.ts';
import type { CheckpointTell, JobContext, JobStep } from './job-events.ts';
import type { EndedJob, EndingJob, Job, JobCommon, RecoveringJob } from './job.ts';
import type { JobRecord, StoredSource, TerminalRecord } from './job-record.ts';
import { sourcesIn } from './sources-in.ts';
import type { SourceProgress } from './source-progress.ts';
import { UNDISCOVERED } from './source-progress.ts';
import { awaitSlots } from './states/waiting-for-slots.ts';
import { NO_SUSPECTS } from '../scheduling/suspects.ts';

/** What a linearizable read, after this leader was elected, has found of one job. */
export interface LoadedJob {
  readonly record: JobRecord;
  readonly attempts: AttemptRecord;
  /** Of the attempts' record. */
  readonly attemptRevision: bigint;
  readonly stored: StoredCheckpoints;
  readonly terminal: TerminalRecord | undefined;
  /** Why the job's state cannot be restored; undefined: it can. */
  readonly problem: Failure | undefined;
}

/**
 * A job as a new leader takes it over.
 *
 * L1  A terminal record is the end, whatever the job's own record says: that one may be older. Then the former leader had not
 *     brought the end to its end: the attempt is still condemned and abandoned, else a transaction that its writers had begun
 *     would hold up every reader of committed records until it times out.
 * L2  Commits that had begun are finished first. Then the former leader's attempt is adopted if all of it still runs; else it is
 *     condemned and abandoned, and the job goes on from its last checkpoint (DESIGN §9).
 * L3  What was being cancelled, or had failed, is brought to its end and never runs again.
 */
export function recoverJob(loaded: LoadedJob, context: JobContext): JobStep {
  const { record, terminal, attempts } = loaded;
  const hasAttempt = attempts.current !== undefined || attempts.condemned.length > 0;
  if (terminal !== undefined) {
    const isOver = record.state === terminal.state || !hasAttempt;
    return isOver ? recoverEnded(loaded, terminal.state) : recoverEnding(loaded, context);
  }
  if (loaded.problem === undefined && !hasAttempt && record.state !== 'cancelling' && record.state !== 'failing') {
    const common = commonIn(loaded, record.changedAtMs);
    return unchangedJob(awaitSlots({ ...common, kind: 'created' }, context.wallMs));
  }
  return mayBeAdopted(loaded) ? recoverAttempt(loaded, context) : recoverEnding(loaded, context);
}

/** An attempt that is current, and that nobody had begun to end, may still run, and goes on if all of it does. */
function mayBeAdopted({ record, attempts, problem }: LoadedJob): boolean {
  const { current } = attempts;
  return (
    problem === undefined &&
    current !== undefined &&
    (record.state === 'deploying' || record.state === 'running') &&
    current.fingerprint === record.spec.fingerprint &&
    current.lineage === record.spec.lineage
  );
}

function recoverAttempt(loaded: LoadedJob, context: JobContext): JobStep {
  const { record, attempts, attemptRevision } = loaded;
  const current = required(attempts.current, 'the current attempt');
  const job: RecoveringJob = {
    ...commonIn(loaded, record.changedAtMs),
    kind: 'recovering',
    run: { ...beginRun(record.spec, current.number, current.places), live: new Set() },
    reports: new Map(),
    requests: [],
    giveUpAt: context.now + context.settings.adoptionTimeoutMs,
  };
  // Commits that had begun are finished before anything of the attempt is taken over.
  return { ...unchangedJob(job), tell: [{ kind: 'open', attempt: current.number, revision: attemptRevision }] };
}

function recoverEnded(loaded: LoadedJob, state: EndedJob['kind']): JobStep {
  const { record, stored, attemptRevision } = loaded;
  const pointer = stored.pointer?.pointer;
  const wasRecorded = record.state === state;
  const owesSavepoints = wasRecorded ? record.owesSavepoints : (pointer?.pins.length ?? 0) > 0;
  const job: EndedJob = { ...commonIn(loaded, record.changedAtMs), kind: state };
  if (!owesSavepoints || record.lastAttempt === 0) {
    const checkpoints = { ...job.checkpoints, lastPointer: pointer, stored: { ...stored, pointer: undefined } };
    return unchangedJob({ ...job, checkpoints });
  }
  return { ...unchangedJob(job), tell: finishing(record.lastAttempt, attemptRevision) };
}

function recoverEnding(loaded: LoadedJob, context: JobContext): JobStep {
  const { record, attempts, attemptRevision, problem } = loaded;
  const last = attempts.current ?? attempts.condemned.at(-1);
  const number = last?.number ?? parseAttemptNumber(Math.max(1, record.lastAttempt));
  const ending: JobCommon & Pick<EndingJob, 'run' | 'endBy' | 'abandonments'> = {
    ...withProblem(commonIn(loaded, context.wallMs), problem, context),
    run: { ...beginRun(record.spec, number, last?.places ?? []), live: new Set() },
    endBy: endByOf(context),
    abandonments: undefined,
  };
  const tell = problem === undefined ? finishing(number, attemptRevision) : [];
  return { ...unchangedJob(inState(ending, loaded, context)), tell };
}

/** The state on the way to each end. */
const ENDING = { finished: 'finishing', cancelled: 'cancelling', failed: 'failing' } as const;

function inState(
  ending: JobCommon & Pick<EndingJob, 'run' | 'endBy' | 'abandonments'>,
  { record, problem, terminal }: LoadedJob,
  context: JobContext,
): Job {
  if (terminal !== undefined) {
    return { ...ending, kind: ENDING[terminal.state] };
  }
  if (problem !== undefined || record.state === 'failing') {
    return { ...ending, kind: 'failing' };
  }
  return record.state === 'cancelling'
    ? { ...ending, kind: 'cancelling' }
    : { ...ending, kind: 'restarting', resumeAt: context.now };
}

/** Opens the checkpoints of the former leader's attempt only to finish what has begun. */
function finishing(attempt: AttemptNumber, revision: bigint): readonly CheckpointTell[] {
  return [{ kind: 'open', attempt, revision }, { kind: 'end' }];
}

function withProblem(common: JobCommon, failure: Failure | undefined, { wallMs }: JobContext): JobCommon {
  if (failure === undefined) {
    return common;
  }
  const record = { atMs: wallMs, attempt: common.lastAttempt, where: 'recovery', failure };
  return { ...common, failures: recordFailure(common.failures, record) };
}

function commonIn({ record, attempts, stored }: LoadedJob, changedAtMs: EpochMs): JobCommon {
  const { spec, submittedAtMs, lastAttempt, restarts, failures, quarantine, origin } = record;
  const last = attempts.current ?? attempts.condemned.at(-1);
  return {
    spec,
    submittedAtMs,
    changedAtMs,
    lastAttempt: last !== undefined && last.number > lastAttempt ? last.number : lastAttempt,
    previousPlaces: last?.places ?? [],
    suspects: NO_SUSPECTS,
    restarts: { ...NEVER_RESTARTED, total: restarts },
    failures,
    quarantine,
    sources: sourcesOf(record, stored),
    checkpoints: openingCheckpoints(stored, origin),
    attempts,
  };
}

/**
 * The record knows every split that was assigned; the checkpoint knows which of them are read to their end, and where the others
 * are to be read from.
 */
function sourcesOf(record: JobRecord, stored: StoredCheckpoints): ReadonlyMap<VertexId, SourceProgress> {
  const metadata = stored.pointer?.metadata;
  const restored: ReadonlyMap<VertexId, SourceProgress> = metadata === undefined ? new Map() : sourcesIn(metadata);
  return new Map(record.sources.map((source) => [source.vertex, recoveredSource(source, restored.get(source.vertex))]));
}

function recoveredSource(source: StoredSource, restored: SourceProgress | undefined): SourceProgress {
  const { splits, finished, isComplete } = source;
  const positions = new Map(restored?.splits.map(({ id, position }) => [id, position]));
  return {
    splits: splits.map(({ id, position }) => ({ id, position: positions.get(id) ?? position })),
    finished: new Set([...finished, ...(restored?.finished ?? [])]),
    isComplete,
    discovery: isComplete ? { kind: 'over' } : UNDISCOVERED.discovery,
    failures: 0,
  };
}
