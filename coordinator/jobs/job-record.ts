import type { EpochMs } from '../../shared/clock/clock.ts';
import type { RestoreHandle } from '../../shared/control/messages.ts';
import type { AttemptNumber, SplitId, VertexId } from '../../shared/ids.ts';
import type { KnownSplits } from '../checkpoints/known-splits-wire.ts';
import type { FailureRecord } from '../recovery/failure-history.ts';
import type { Quarantine } from '../recovery/quarantine.ts';
import { pointerOf } from './job-checkpoints.ts';
import type { EndedJob, Job, JobState } from './job.ts';
import type { JobSpec } from './job-spec.ts';

/**
 * What of a job is stored under its own key: with its attempts, its checkpoints and its terminal record, all that a
 * coordinator needs that never saw it. Plain data.
 */
export interface JobRecord {
  readonly spec: JobSpec;
  readonly state: JobState;
  readonly submittedAtMs: EpochMs;
  readonly changedAtMs: EpochMs;
  readonly lastAttempt: AttemptNumber | 0;
  readonly restarts: number;
  readonly failures: readonly FailureRecord[];
  readonly quarantine: Quarantine;
  /** Start positions of every split found. */
  readonly sources: readonly StoredSource[];
  readonly origin: RestoreHandle | undefined;
  /** Of a job that has ended: savepoints of its last checkpoint are not copied yet. */
  readonly owesSavepoints: boolean;
}

export interface StoredSource extends KnownSplits {
  readonly vertex: VertexId;
}

/** How a job ended: with it, it can never come back. */
export interface TerminalRecord {
  readonly state: EndedJob['kind'];
}

const NONE_FINISHED: ReadonlySet<SplitId> = new Set();

export function recordOf(job: Job): JobRecord {
  const { spec, kind, submittedAtMs, changedAtMs, lastAttempt, restarts, failures, quarantine, sources, checkpoints } =
    job;
  return {
    spec,
    state: kind,
    submittedAtMs,
    changedAtMs,
    lastAttempt,
    restarts: restarts.total,
    failures,
    quarantine,
    sources: [...sources].map(([vertex, { splits, finished, isComplete }]) => ({
      vertex,
      splits,
      // A checkpoint holds them, once there is one: in a record that is written often they would only be many.
      finished: pointerOf(checkpoints) === undefined ? finished : NONE_FINISHED,
      isComplete,
    })),
    origin: checkpoints.origin,
    owesSavepoints: (checkpoints.machine?.copying.length ?? 0) > 0,
  };
}
