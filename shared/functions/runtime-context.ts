import type { Logger } from '../log/logger.ts';
import type { MetricGroup } from '../metrics/metrics.ts';

/** What a user function is told when its subtask opens. */
export interface RuntimeContext {
  readonly jobName: string;
  /** The operator's uid. */
  readonly uid: string;
  readonly subtask: number;
  readonly parallelism: number;
  /** From 1; a restart is a new attempt. */
  readonly attempt: number;
  readonly metrics: MetricGroup;
  readonly logger: Logger;
  /** Wall-clock time in epoch milliseconds: how a function asks for the time, so that tests decide it. */
  readonly now: () => number;
}
