import type { Failure } from '../../shared/failure/failure.ts';
import type { RawArguments } from '../../shared/graph/job-arguments.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';

/** What operators ask of a cluster (proto/admin.proto). Every call has a deadline and throws a StreamError. */
export interface AdminClient {
  submit(submission: Submission): Promise<{ readonly jobId: string }>;
  list(): Promise<readonly JobSummary[]>;
  job(jobId: string, want?: { readonly plan?: boolean; readonly metrics?: boolean }): Promise<JobDetail>;
  cancel(jobId: string): Promise<JobDetail>;
  cluster(): Promise<ClusterDetail>;
  close(): void;
}

export interface Submission {
  readonly module: Buffer | { readonly path: string };
  readonly args: RawArguments;
  /** undefined: the cluster's default. */
  readonly parallelism?: number | undefined;
  readonly maxParallelism?: number | undefined;
  /** undefined: generated. */
  readonly jobId?: string | undefined;
}

export interface JobSummary {
  readonly jobId: string;
  readonly name: string;
  readonly state: string;
  readonly attempt: number;
  readonly restarts: number;
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
  readonly planJson: string;
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
