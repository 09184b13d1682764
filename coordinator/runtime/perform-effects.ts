import { required, unreachable } from '../../shared/invariant.ts';
import type { Clock } from '../../shared/clock/clock.ts';
import { failpoint } from '../../shared/failpoints/failpoint.ts';
import { formatFailure, StreamError } from '../../shared/failure/failure.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { SnapshotStore } from '../../shared/snapshot-store/snapshot-store.ts';
import type { SavepointAnswer } from '../checkpoints/checkpoint-events.ts';
import type { KernelEvent, KernelPersist, KernelSend, KernelStep, SubmitAnswer } from '../kernel/kernel-events.ts';
import type { KernelState } from '../kernel/kernel-state.ts';
import type { JobSend, RedeployAnswer } from '../jobs/job-events.ts';
import { abandon, commit } from './call-committers.ts';
import { callOutside } from './call-outside.ts';
import type { Connections } from './connections.ts';
import type { CopySavepoint } from './copy-savepoint.ts';
import { copySavepointOf } from './copy-savepoint.ts';
import type { ProbeResult } from '../membership/membership-events.ts';
import { closeConnectors } from './job-connectors.ts';
import type { OpenConnectors } from './job-connectors.ts';
import { noteCheckpoint } from './note-checkpoints.ts';
import { changesOf } from './record-changes.ts';
import { fencedFailure } from './record-writer.ts';
import type { RecordWriter } from './record-writer.ts';
import { noteRescaling } from './note-rescaling.ts';
import { shapeJobOf } from './shape-job.ts';
import type { ShapeJob } from './shape-job.ts';
import type { TaskScope } from './task-scope.ts';
import { writeCheckpoint } from './write-checkpoint.ts';

/** Whether something listens at host:port. Answers soon, and never throws. */
export type Probe = (address: string, signal: AbortSignal) => Promise<ProbeResult>;

export interface EffectDeps {
  readonly writer: RecordWriter;
  readonly snapshots: SnapshotStore;
  readonly epoch: LeaderEpoch;
  readonly connections: Connections;
  readonly connectors: OpenConnectors;
  readonly scope: TaskScope;
  /** Aborts when the loop is to end: what waits for the store then waits no more. */
  readonly ending: AbortSignal;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly copySavepoint: CopySavepoint;
  readonly probe: Probe;
  readonly shapeJob: ShapeJob;
  /** Shows the state to those who ask. Called when it is durable, before anything is sent: no answer runs ahead of it. */
  readonly publish: (state: KernelState) => void;
  /** What comes of an effect comes back as an event. */
  readonly raise: (event: KernelEvent) => void;
  readonly answer: (request: number, answer: SubmitAnswer) => void;
  readonly answerSavepoint: (request: number, answer: SavepointAnswer) => void;
  readonly answerRedeploy: (request: number, answer: RedeployAnswer) => void;
}

/** A broker that takes part in an election answers within this; a longer look is repeated, not waited for. */
const DISCOVERY_DEADLINE_MS = 30_000;
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
  const revision = await performPersists(step.persist, deps);
  deps.publish(step.state);
  const triggers = step.send.filter(isTrigger).length;
  let triggered = 0;
  for (const effect of step.send) {
    performSend(effect, deps);
    triggered += isTrigger(effect) ? 1 : 0;
    if (isTrigger(effect) && triggered === Math.ceil(triggers / 2)) {
      failpoint('coordinator.half-triggered');
    }
  }
  for (const effect of step.persist) {
    if (effect.kind === 'put-attempts' && effect.attempts.current !== undefined) {
      deps.raise({
        kind: 'attempt-recorded',
        jobId: effect.jobId,
        attempt: effect.attempts.current.number,
        revision,
      });
    }
  }
}

/** All of a step are one transaction. */
async function performPersists(effects: readonly KernelPersist[], { writer, ending }: EffectDeps): Promise<bigint> {
  if (effects.length === 0) {
    return 0n;
  }
  const revision = await writer.write(effects.flatMap(changesOf), ending);
  if (effects.some((effect) => effect.kind === 'put-attempts' && effect.attempts.condemned.length > 0)) {
    failpoint('coordinator.condemned');
  }
  return revision;
}

function isTrigger(effect: KernelSend): boolean {
  return effect.kind === 'message' && effect.message.kind === 'trigger-checkpoint';
}

function performSend(effect: KernelSend, deps: EffectDeps): void {
  switch (effect.kind) {
    case 'message':
      passMessageFailpoints(effect);
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
    case 'answer-savepoint':
      deps.answerSavepoint(effect.request, effect.answer);
      return;
    case 'answer-redeploy':
      deps.answerRedeploy(effect.request, effect.answer);
      return;
    case 'note-completed':
    case 'note-failed':
      noteCheckpoint(effect, deps.logger);
      return;
    case 'note-rescaled':
    case 'note-not-redeployed':
      noteRescaling(effect, deps.logger);
      return;
    case 'fenced':
      throw new StreamError(fencedFailure(deps.epoch));
    case 'close-job':
      closeJob(effect, deps);
      return;
    default:
      deps.scope.spawn(async (signal) => {
        await performCall(effect, deps, signal);
      });
  }
}

type Call = Extract<
  KernelSend,
  { kind: 'probe' | 'discover' | 'commit' | 'abandon' | 'write-checkpoint' | 'copy-savepoint' | 'shape-job' }
>;

/** What takes time: runs beside the loop. */
async function performCall(effect: Call, deps: EffectDeps, signal: AbortSignal): Promise<void> {
  switch (effect.kind) {
    case 'discover':
      await discover(effect, deps, signal);
      return;
    case 'probe': {
      const { taskManager, incarnation, dataAddress } = effect;
      const result = await deps.probe(dataAddress, signal);
      deps.raise({ kind: 'probed', taskManager, incarnation, result });
      return;
    }
    case 'commit':
      await commit(effect, deps, signal);
      return;
    case 'abandon':
      await abandon(effect, deps, signal);
      return;
    case 'write-checkpoint':
      await writeCheckpoint(effect, deps, signal);
      return;
    case 'copy-savepoint':
      await copySavepointOf(effect, deps, signal);
      return;
    case 'shape-job':
      await shapeJobOf(effect, deps, signal);
      return;
    default:
      unreachable(effect);
  }
}

function passMessageFailpoints({ message }: Extract<KernelSend, { kind: 'message' }>): void {
  if (message.kind === 'deploy') {
    failpoint('coordinator.before-deploy');
  } else if (message.kind === 'checkpoint-completed') {
    failpoint('coordinator.before-notify');
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
