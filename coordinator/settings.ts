import type { Configuration } from '../shared/config/options.ts';
import { VERSION } from '../shared/version.ts';
import type { KernelSettings } from './kernel/kernel-state.ts';
import type { RestartStrategy } from './recovery/restart-policy.ts';

/** From Deploy until every subtask must be ready: fetching a module, opening readers and writers on a slow network. */
const DEPLOY_TIMEOUT_MS = 300_000;
/** From Cancel until a task manager must have ended an attempt. Longer than a task manager takes to terminate a thread. */
const END_TIMEOUT_MS = 30_000;
/** Ended jobs that `nerve list` shows. */
const ENDED_JOBS_MAX = 100;

/** What the kernel needs of the configuration. */
export function kernelSettings(configuration: Configuration): KernelSettings {
  return {
    version: VERSION,
    heartbeatIntervalMs: configuration['heartbeat.interval'],
    heartbeatTimeoutMs: configuration['heartbeat.timeout'],
    restart: restartStrategy(configuration),
    deployTimeoutMs: DEPLOY_TIMEOUT_MS,
    endTimeoutMs: END_TIMEOUT_MS,
    endedJobsMax: ENDED_JOBS_MAX,
  };
}

function restartStrategy(configuration: Configuration): RestartStrategy {
  if (configuration['restart-strategy.type'] === 'none') {
    return { kind: 'none' };
  }
  const attempts = configuration['restart-strategy.exponential-delay.attempts-before-reset-backoff'];
  return {
    kind: 'exponential-delay',
    initialBackoffMs: configuration['restart-strategy.exponential-delay.initial-backoff'],
    maxBackoffMs: configuration['restart-strategy.exponential-delay.max-backoff'],
    multiplier: configuration['restart-strategy.exponential-delay.backoff-multiplier'],
    resetAfterMs: configuration['restart-strategy.exponential-delay.reset-backoff-threshold'],
    jitter: configuration['restart-strategy.exponential-delay.jitter-factor'],
    attemptsMax: attempts,
  };
}
