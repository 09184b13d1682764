import type { CheckpointInventory } from '../../shared/checkpoint/summarize-checkpoint.ts';
import type { QuarantinedFingerprint } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';

/** What operators ask of a cluster (proto/admin.proto). Every call has a deadline and throws a StreamError. */
export interface AdminClient {
  submit(submission: Submission): Promise<Submitted>;
  list(): Promise<readonly JobSummary[]>;
  job(jobId: string, want?: { readonly plan?: boolean; readonly metrics?: boolean }): Promise<JobDetail>;
  cancel(jobId: string): Promise<JobDetail>;
  cluster(): Promise<ClusterDetail>;
  /** `directory` undefined: the cluster's state.savepoints.dir. Ends when the copy is whole. */
  savepoint(jobId: string, directory: string | undefined): Promise<SavepointDone>;
  stop(jobId: string, how: { readonly directory: string | undefined; readonly drain: boolean }): Promise<SavepointDone>;
  /** Ends when the job runs again. */
  rescale(jobId: string, how: Rescaling): Promise<Rescaled>;
  /** What the last completed checkpoint of the job holds. */
  checkpoint(jobId: string): Promise<CheckpointInventory & { readonly directory: string }>;
  collectGarbage(request: GarbageRequest): Promise<CollectedGarbage>;
  close(): void;
}

export interface Submission {
  readonly module: Buffer | { readonly path: string };
  readonly args: RawArguments;
  /** undefined: the cluster's default. */
  readonly parallelism?: number | undefined;
  readonly maxParallelism?: number | undefined;
  /** undefined: the cluster's scheduler-mode. A reactive job has as much parallelism as the slots give it: up to `parallelism`, if any. */
  readonly schedulerMode?: 'default' | 'reactive' | undefined;
  /** Of a reactive job; undefined: 1. */
  readonly leastParallelism?: number | undefined;
  /** undefined: generated. */
  readonly jobId?: string | undefined;
  /** Directory of a savepoint or checkpoint to begin with. */
  readonly fromSavepoint?: string | undefined;
  readonly allowNonRestoredState?: boolean;
}

export interface Submitted {
  readonly jobId: string;
  /** Uids whose state in the savepoint was left behind. */
  readonly leftBehind: readonly string[];
}

export interface SavepointDone {
  readonly directory: string;
  readonly checkpoint: bigint;
}

export interface Rescaling {
  /** Of operators for which nothing else is said; undefined: as it is. */
  readonly parallelism: number | undefined;
  /** By operator uid. */
  readonly operators: Readonly<Record<string, number>>;
}

export interface Rescaled {
  readonly attempt: number;
  readonly checkpoint: bigint;
}

export interface GarbageRequest {
  /** Undefined: all jobs. */
  readonly jobId: string | undefined;
  readonly dryRun: boolean;
  /** Also all objects of jobs that no record speaks of. */
  readonly includeUnknownJobs: boolean;
}

export interface CollectedGarbage {
  readonly jobs: readonly {
    readonly jobId: string;
    readonly garbage: readonly {
      readonly reason: string;
      readonly objects: number;
      readonly bytes: number;
      /** The first hundred. */
      readonly keys: readonly string[];
    }[];
    readonly keptObjects: number;
    readonly keptBytes: number;
    readonly failure?: Failure;
  }[];
  readonly unknownJobs: readonly string[];
}

/** How the checkpoints of a job fare, since its leader leads. */
export interface CheckpointSummary {
  readonly completed: number;
  readonly failed: number;
  readonly inProgress: number;
  readonly last:
    | {
        readonly checkpoint: bigint;
        readonly completedAtMs: number;
        readonly tookMs: number;
        readonly bytes: number;
      }
    | undefined;
  readonly lastFailure: { readonly sentence: string; readonly atMs: number } | undefined;
}

export interface JobSummary {
  readonly jobId: string;
  readonly name: string;
  readonly state: string;
  readonly attempt: number;
  readonly restarts: number;
  /** Of operators for which nothing else is said; undefined: a coordinator of an older version does not say. */
  readonly parallelism?: number | undefined;
  readonly schedulerMode?: string | undefined;
  readonly submittedAtMs: number;
  readonly changedAtMs: number;
  readonly failure?: Failure;
}

export interface JobDetail {
  readonly summary: JobSummary;
  readonly subtasks: readonly SubtaskDetail[];
  readonly metrics: readonly MetricSample[];
  readonly failures: readonly {
    readonly atMs: number;
    readonly attempt: number;
    readonly where: string;
    readonly failure: Failure;
  }[];
  /** Records that go to a side output, and not to their operator's function any more. */
  readonly quarantined: readonly QuarantinedFingerprint[];
  readonly planJson: string;
  /** Undefined: none was triggered yet. */
  readonly checkpoints?: CheckpointSummary | undefined;
}

export interface SubtaskDetail {
  readonly vertex: string;
  readonly subtask: number;
  readonly state: string;
  readonly taskManager: string;
  readonly slotIndex: number;
}

export interface ClusterDetail {
  readonly leader: string;
  readonly leaderEpoch: bigint;
  readonly version: string;
  readonly taskManagers: readonly TaskManagerDetail[];
}

export interface TaskManagerDetail {
  readonly id: string;
  readonly incarnation: string;
  readonly dataAddress: string;
  readonly slots: number;
  readonly freeSlots: number;
  readonly lastHeartbeatMsAgo: number;
}

const ENDED: readonly string[] = ['finished', 'failed', 'cancelled'];

/** True when the job will never run again. */
export function hasEnded(job: JobSummary): boolean {
  return ENDED.includes(job.state);
}
