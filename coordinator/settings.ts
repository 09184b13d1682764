import { join } from 'node:path';
import { temporaryFolder } from '../shared/config/node-temporary-folder.ts';
import type { Configuration } from '../shared/config/options.ts';
import { VERSION } from '../shared/version.ts';
import { transactionTimeoutNeededMs } from './checkpoints/checkpoint-settings.ts';
import type { CheckpointSettings } from './checkpoints/checkpoint-settings.ts';
import type { KernelSettings } from './kernel/kernel-state.ts';
import type { RestartStrategy } from './recovery/restart-policy.ts';
import type { ScalingSettings } from './scheduling/scale-reactive.ts';

/** From Deploy until every subtask must be ready: fetching a module, opening readers and writers on a slow network. */
const DEPLOY_TIMEOUT_MS = 300_000;
/** From Cancel until a task manager must have ended an attempt. Longer than a task manager takes to terminate a thread. */
const END_TIMEOUT_MS = 30_000;
/** A job that ends waits for its sinks to give up its last attempt, but not for a broker that is away. */
const ABANDON_TIMEOUT_MS = 30_000;
/** From the first moment of a leader until every task manager of an attempt must have registered with it (DESIGN §9). */
const ADOPTION_TIMEOUT_MS = 10_000;
/** Checkpoint ids reserved with one write: a leader that dies wastes at most so many. */
const ID_BLOCK = 100;
/** Generous: from a failure until a new leader or attempt has finished the commits. */
const RECOVERY_MS = 60_000;
const INTERVAL_MS = { least: 100, most: 3_600_000 };
/** Ended jobs that `nerve list` shows. */
const ENDED_JOBS_MAX = 100;

/** What the kernel needs of the configuration. */
export function kernelSettings(configuration: Configuration): KernelSettings {
  return {
    version: VERSION,
    heartbeatIntervalMs: configuration['heartbeat.interval'],
    heartbeatTimeoutMs: configuration['heartbeat.timeout'],
    restart: restartStrategy(configuration),
    quarantineFailures: configuration['execution.quarantine.failures'],
    deployTimeoutMs: DEPLOY_TIMEOUT_MS,
    endTimeoutMs: END_TIMEOUT_MS,
    endedJobsMax: ENDED_JOBS_MAX,
    abandonTimeoutMs: ABANDON_TIMEOUT_MS,
    adoptionTimeoutMs: ADOPTION_TIMEOUT_MS,
    checkpoints: checkpointSettings(configuration),
    scaling: scalingSettings(configuration),
    checkpointDirectory: checkpointDirectory(configuration),
    clusterId: clusterId(configuration),
  };
}

/** `state.checkpoints.dir`; a folder of this machine when there is none: enough for a cluster on one machine. */
export function checkpointDirectory(configuration: Configuration): string {
  return configuration['state.checkpoints.dir'] ?? join(temporaryFolder(configuration), 'checkpoints');
}

export function clusterId(configuration: Configuration): string {
  return configuration['high-availability.cluster-id'] ?? 'default';
}

/** What an exactly-once sink's transaction must last at least (DESIGN §8.9). */
export function transactionTimeoutNeeded(configuration: Configuration): number {
  return transactionTimeoutNeededMs(checkpointSettings(configuration), {
    leaderlessGraceMs: configuration['coordinator-loss-grace'],
    recoveryMs: RECOVERY_MS,
  });
}

/** Everything that is wrong with the configuration beyond the form of its single values, as sentences. */
export function findSettingsProblems(configuration: Configuration): readonly string[] {
  const interval = configuration['execution.checkpointing.interval'];
  const timeout = configuration['execution.checkpointing.timeout'];
  const minPause = configuration['execution.checkpointing.min-pause'];
  const problems: string[] = [];
  if (interval < INTERVAL_MS.least || interval > INTERVAL_MS.most) {
    problems.push(`execution.checkpointing.interval is ${interval} ms: it must be 100 ms to 1 h`);
  }
  if (timeout < INTERVAL_MS.least) {
    problems.push(`execution.checkpointing.timeout is ${timeout} ms: no checkpoint would ever complete`);
  }
  if (minPause > INTERVAL_MS.most) {
    problems.push(`execution.checkpointing.min-pause is ${minPause} ms: it must be at most 1 h`);
  }
  if (minPause > 0 && configuration['execution.checkpointing.max-concurrent-checkpoints'] > 1) {
    problems.push(
      'execution.checkpointing.min-pause keeps checkpoints apart: execution.checkpointing.max-concurrent-checkpoints must then be 1',
    );
  }
  if (configuration['heartbeat.timeout'] <= configuration['heartbeat.interval']) {
    problems.push('heartbeat.timeout must be longer than heartbeat.interval');
  }
  return [...problems, ...findAvailabilityProblems(configuration)];
}

function findAvailabilityProblems(configuration: Configuration): readonly string[] {
  if (configuration['high-availability.type'] === 'none') {
    return [];
  }
  const problems: string[] = [];
  const lease = configuration['high-availability.lease'];
  if (lease < LEASE_MS.least || lease > LEASE_MS.most) {
    problems.push(`high-availability.lease is ${lease} ms: it must be 2 s to 60 s`);
  }
  const host = configuration['coordinator.rpc.host'];
  if (ANY_ADDRESS.has(host) && configuration['coordinator.rpc.advertised-host'] === undefined) {
    problems.push(`coordinator.rpc.host is ${host}, which nobody can dial: set coordinator.rpc.advertised-host`);
  }
  if (configuration['state.checkpoints.dir'] === undefined) {
    problems.push('high-availability.type etcd needs a state.checkpoints.dir that all processes can reach');
  }
  return problems;
}

/** Etcd grants no shorter one; with a longer one a dead leader would be missed for too long. */
const LEASE_MS = { least: 2_000, most: 60_000 };
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '[::]']);

function checkpointSettings(configuration: Configuration): CheckpointSettings {
  return {
    intervalMs: configuration['execution.checkpointing.interval'],
    timeoutMs: configuration['execution.checkpointing.timeout'],
    minPauseMs: configuration['execution.checkpointing.min-pause'],
    tolerableFailures: configuration['execution.checkpointing.tolerable-failed-checkpoints'],
    retained: configuration['execution.checkpointing.num-retained'],
    concurrentMax: configuration['execution.checkpointing.max-concurrent-checkpoints'],
    idBlock: ID_BLOCK,
  };
}

function scalingSettings(configuration: Configuration): ScalingSettings {
  return {
    cooldownMs: configuration['coordinator.adaptive-scheduler.executing.cooldown-after-rescaling'],
    stabilizationMs: configuration['coordinator.adaptive-scheduler.executing.resource-stabilization-timeout'],
    failedCheckpointsMax: configuration['coordinator.adaptive-scheduler.rescale-trigger.max-checkpoint-failures'],
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
