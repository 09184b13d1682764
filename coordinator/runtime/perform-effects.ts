import { required, unreachable } from '../../shared/invariant.ts';
import type { Clock } from '../../shared/clock/clock.ts';
import { formatFailure } from '../../shared/failure/failure.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { KernelEvent, KernelPersist, KernelSend, KernelStep, SubmitAnswer } from '../kernel/kernel-events.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import type { CommitSend } from '../commits/commit-events.ts';
import type { JobSend } from '../jobs/job-events.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { callOutside } from './call-outside.ts';
import type { Connections } from './connections.ts';
import { closeConnectors } from './job-connectors.ts';
import type { OpenConnectors } from './job-connectors.ts';
import type { TaskScope } from './task-scope.ts';

export interface EffectDeps {
  readonly store: JobStore;
  readonly epoch: LeaderEpoch;
  readonly connections: Connections;
  readonly connectors: OpenConnectors;
  readonly scope: TaskScope;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shows the state to those who ask. Called when it is durable, before anything is sent: no answer runs ahead of it. */
  readonly publish: (state: KernelState) => void;
  /** What comes of an effect comes back as an event. */
  readonly raise: (event: KernelEvent) => void;
  readonly answer: (request: number, answer: SubmitAnswer) => void;
}

/** A broker that takes part in an election answers within this; a longer look is repeated, not waited for. */
const DISCOVERY_DEADLINE_MS = 30_000;
/** All committables of a sink at once: renames of many files, or transactions of all subtasks. */
const COMMIT_DEADLINE_MS = 60_000;
/** Closing a connector that hangs must not hold up the end of the process. */
const CLOSE_DEADLINE_MS = 5_000;

/**
 * I1  R4: every persist is durable before the first send. A persist that fails ends the coordinator: what is durable is then
 *     not known.
 * I2  Sends return at once; what takes time runs in the scope and comes back as an event.
 * I3  What a connector answers after its job was closed is dropped: the id may be another job's by then, which must not be
 *     given the splits of the older one.
 */
export async function performEffects(step: KernelStep, deps: EffectDeps): Promise<void> {
  for (const effect of step.persist) {
    await performPersist(effect, deps);
  }
  deps.publish(step.state);
  for (const effect of step.send) {
    performSend(effect, deps);
  }
}

async function performPersist(effect: KernelPersist, { store, epoch, scope }: EffectDeps): Promise<void> {
  switch (effect.kind) {
    case 'put-job':
      await store.putJob(effect.record, epoch, scope.signal);
      return;
    case 'delete-job':
      await store.deleteJob(effect, epoch, scope.signal);
      return;
    default:
      unreachable(effect);
  }
}

function performSend(effect: KernelSend, deps: EffectDeps): void {
  switch (effect.kind) {
    case 'message':
      deps.connections.send(effect.connection, effect.message);
      return;
    case 'close-connection':
      deps.connections.close(effect.connection);
      return;
    case 'raise':
      deps.raise(effect.event);
      return;
    case 'answer':
      deps.answer(effect.request, effect.answer);
      return;
    case 'discover':
      deps.scope.spawn(async (signal) => {
        await discover(effect, deps, signal);
      });
      return;
    case 'commit':
      deps.scope.spawn(async (signal) => {
        await commit(effect, deps, signal);
      });
      return;
    case 'close-job':
      closeJob(effect, deps);
      return;
    default:
      unreachable(effect);
  }
}

async function discover(
  { jobId, vertex, known }: Extract<JobSend, { kind: 'discover' }>,
  deps: EffectDeps,
  signal: AbortSignal,
): Promise<void> {
  const connectors = deps.connectors.get(jobId);
  if (connectors === undefined) {
    return;
  }
  const enumerator = required(connectors.enumerators.get(vertex), `the enumerator of ${vertex}`);
  const call = {
    what: `the discovery of source ${vertex}`,
    deadlineMs: DISCOVERY_DEADLINE_MS,
    call: async (calling: AbortSignal) => await enumerator.discover(known, calling),
  };
  const result = await callOutside(call, deps.clock, signal);
  if (deps.connectors.get(jobId) !== connectors) {
    return; // I3
  }
  if (result.kind === 'done') {
    deps.raise({ kind: 'discovered', jobId, vertex, discovery: result.value });
  } else if (result.kind === 'failed') {
    deps.logger.warn('discovery-failed', { jobId, vertex, failure: formatFailure(result.failure) });
    deps.raise({ kind: 'discovery-failed', jobId, vertex, failure: result.failure });
  }
}

async function commit(
  { jobId, sink, tries, committables }: CommitSend,
  deps: EffectDeps,
  signal: AbortSignal,
): Promise<void> {
  const connectors = deps.connectors.get(jobId);
  if (connectors === undefined) {
    return;
  }
  const committer = required(connectors.committers.get(sink), `the committer of ${sink}`);
  const call = {
    what: `the commit of sink ${sink}`,
    deadlineMs: COMMIT_DEADLINE_MS,
    call: async (calling: AbortSignal) => {
      await committer.commit(committables, calling);
    },
  };
  const result = await callOutside(call, deps.clock, signal);
  if (deps.connectors.get(jobId) !== connectors) {
    return; // I3
  }
  if (result.kind === 'done') {
    deps.raise({ kind: 'committed', jobId, sink, tries });
  } else if (result.kind === 'failed') {
    deps.raise({ kind: 'commit-failed', jobId, sink, tries, failure: result.failure });
  }
}

function closeJob({ jobId }: Extract<JobSend, { kind: 'close-job' }>, deps: EffectDeps): void {
  const connectors = deps.connectors.get(jobId);
  if (connectors === undefined) {
    return;
  }
  deps.connectors.delete(jobId);
  deps.scope.spawn(async (signal) => {
    const call = {
      what: `closing the connectors of job ${jobId}`,
      deadlineMs: CLOSE_DEADLINE_MS,
      call: async (): Promise<void> => {
        await closeConnectors(connectors);
      },
    };
    const result = await callOutside(call, deps.clock, signal);
    if (result.kind === 'failed') {
      deps.logger.warn('connectors-not-closed', { jobId, failure: formatFailure(result.failure) });
    }
  });
}
