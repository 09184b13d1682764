import type { Clock } from '../../shared/clock/clock.ts';
import type { ConnectorSettings } from '../../shared/connector/connector-settings.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { MetricGroup } from '../../shared/metrics/metrics.ts';
import type { OperatorScope } from '../operators/operator-scope.ts';
import type { OpenContexts } from '../tasks/open-chain.ts';

export interface ContextParts {
  readonly scope: Omit<OperatorScope, 'uid'>;
  readonly settings: ConnectorSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metricsOf: (uid: string) => MetricGroup;
  readonly wake: () => void;
  readonly requestSplit: () => void;
  readonly fail: (failure: Failure) => void;
}

/** What the functions, readers and writers of one subtask are told. */
export function contextsOf(parts: ContextParts): OpenContexts {
  const { scope, settings, clock, metricsOf, wake, requestSplit, fail } = parts;
  const { jobId, jobName, vertex, subtask, parallelism, attempt } = scope;
  const logger = parts.logger.with({ job: jobId, attempt, vertex, subtask });
  const common = (uid: string) => ({
    settings,
    subtask,
    parallelism,
    logger: logger.with({ uid }),
    clock,
    metrics: metricsOf(uid),
    wake,
    fail,
  });
  return {
    logger,
    functionContext: (uid) => ({
      jobName,
      uid,
      subtask,
      parallelism,
      attempt,
      metrics: metricsOf(uid),
      logger: logger.with({ uid }),
      now: () => clock.nowMs(),
    }),
    readerContext: (uid) => ({ ...common(uid), requestSplit }),
    writerContext: (uid) => ({ ...common(uid), jobId, uid, attempt }),
  };
}
