import type { CheckpointCommand } from '../../shared/control/checkpoint-messages.ts';
import { attemptName } from '../../shared/control/messages.ts';
import type { AttemptKey, Deployment, FromCoordinator } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobId, LeaderEpoch } from '../../shared/ids.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { SlotCommand } from '../slots/slot-messages.ts';
import type { Attempt } from './attempt.ts';
import { keyOf, localSlots } from './attempt.ts';
import { ended, failed, postAll, replaced, send, unchanged } from './attempt-effects.ts';
import type { AttemptsStep } from './attempt-effects.ts';
import type { AttemptEffect, AttemptEvent } from './attempt-events.ts';
import { newStanding, retold, withAssignment } from './attempt-standing.ts';
import { liveKeys, remember, withAttempt, withEnded, without } from './attempts.ts';
import type { Attempts } from './attempts.ts';
import { isAboutCheckpoints, onCheckpointCommand, onLeaderLost } from './hear-coordinator.ts';
import { onSlotReport } from './hear-slot.ts';

/**
 * The attempts of one task manager.
 *
 * I1  A slot's place is held by one attempt at a time, from the start of its preparation until nothing of it runs. An attempt
 *     whose places are held waits.
 * I2  A command of a smaller leader epoch than the highest seen changes nothing. A repeated Deploy, and one of an attempt that
 *     is not newer than all seen of its job, change nothing. A command for an attempt that is not here changes nothing, except
 *     that a Cancel is answered: it has ended.
 *     What was seen counts within one leader epoch: a coordinator without a durable store begins anew at 1 after a crash.
 * I3  A newer attempt of a job cancels the older ones.
 * I4  `attempt-ended` is sent once for each attempt that was here, after its last thread ended and its exchange was closed.
 *     It is told again at each registration (attempts.ts), and of an attempt that goes on what may have been missed is
 *     (attempt-standing.ts S2): without a session nothing that is said arrives.
 * I5  A thread that ended by a failure, and a preparation that failed, are told by `attempt-failed` before `attempt-ended`,
 *     unless the attempt was being cancelled.
 * I6  Of a job one attempt at a time is prepared or runs: its local stores are opened by one only.
 */
/** `now`: monotonic milliseconds. */
export function attemptsStep(attempts: Attempts, event: AttemptEvent, now: number): AttemptsStep {
  switch (event.kind) {
    case 'command': {
      if (event.leaderEpoch < attempts.epoch) {
        return { attempts, effects: [{ kind: 'refuse-leader' }] };
      }
      const newest = event.leaderEpoch > attempts.epoch ? new Map<JobId, number>() : attempts.newest;
      const known = { ...attempts, epoch: event.leaderEpoch, newest };
      return isAboutCheckpoints(event.message)
        ? onCheckpointCommand(known, event.message, now)
        : onCommand(known, event.message, event.leaderEpoch);
    }
    case 'prepared':
      return onPrepared(attempts, event.key, event.modulePath);
    case 'preparation-failed':
      return onPreparationFailed(attempts, event.key, event.failure);
    case 'slot-report':
      return onSlotReport(attempts, event, now);
    case 'thread-ended':
      return onThreadEnded(attempts, event);
    case 'cancel-overdue':
      return onCancelOverdue(attempts, event.key);
    case 'leader-lost':
      return onLeaderLost(attempts);
    case 'abandon':
      return cancelAll(attempts, liveKeys(attempts));
    default:
      return unreachable(event);
  }
}

function onCommand(
  attempts: Attempts,
  message: Exclude<FromCoordinator, CheckpointCommand>,
  leaderEpoch: LeaderEpoch,
): AttemptsStep {
  switch (message.kind) {
    case 'registered':
      return onRegistered(attempts, message.cancel);
    case 'refused':
    case 'heartbeat-ack':
      return unchanged(attempts);
    case 'deploy':
      return onDeploy(attempts, message.deployment, leaderEpoch);
    case 'start':
      return onSlotCommand(attempts, message, { kind: 'start' });
    case 'assign-splits': {
      const { kind, ...assignment } = message;
      return onAssignment(attempts, { kind, assignment });
    }
    case 'cancel':
      return onCancel(attempts, message);
    default:
      return unreachable(message);
  }
}

function onDeploy(attempts: Attempts, deployment: Deployment, leaderEpoch: LeaderEpoch): AttemptsStep {
  const { jobId, attempt } = deployment;
  if (attempts.live.has(attemptName(deployment)) || attempt <= (attempts.newest.get(jobId) ?? 0)) {
    return unchanged(attempts);
  }
  const known = { ...attempts, newest: remember(attempts.newest, jobId, attempt) };
  const slots = localSlots(deployment, attempts.self);
  if (slots.length === 0) {
    return { attempts: withEnded(known, { key: keyOf(deployment), failure: undefined }), effects: [ended(deployment)] };
  }
  const missing = slots.find(({ index }) => index >= attempts.slotCount);
  if (missing !== undefined) {
    return refuse(known, deployment, missing.index);
  }
  const older = liveKeys(known).filter((key) => key.jobId === jobId);
  const cancelled = cancelAll(known, older);
  const begun = cancelled.attempts;
  return admitWaiting(
    {
      ...begun,
      live: withAttempt(begun.live, {
        kind: 'waiting',
        deployment,
        slots,
        early: [],
        standing: newStanding(deployment, leaderEpoch),
      }),
    },
    cancelled.effects,
  );
}

function onSlotCommand(attempts: Attempts, key: AttemptKey, command: SlotCommand): AttemptsStep {
  const attempt = attempts.live.get(attemptName(key));
  switch (attempt?.kind) {
    case 'waiting':
    case 'preparing':
      return replaced(attempts, { ...attempt, early: [...attempt.early, command] });
    case 'running':
      return { attempts, effects: postAll(attempt.deployment, attempt.threads, command) };
    case 'cancelling':
    case undefined:
      return unchanged(attempts);
    default:
      return unreachable(attempt);
  }
}

function onCancel(attempts: Attempts, key: AttemptKey): AttemptsStep {
  if (!attempts.live.has(attemptName(key))) {
    // What was cancelled must not come to life by a Deploy that was overtaken.
    const newest = remember(attempts.newest, key.jobId, Math.max(key.attempt, attempts.newest.get(key.jobId) ?? 0));
    return { attempts: { ...attempts, newest }, effects: [ended(key)] };
  }
  return cancelAll(attempts, [key]);
}

function cancelAll(attempts: Attempts, keys: readonly AttemptKey[]): AttemptsStep {
  let step: AttemptsStep = unchanged(attempts);
  for (const key of keys) {
    const next = cancelOne(step.attempts, key);
    step = { attempts: next.attempts, effects: [...step.effects, ...next.effects] };
  }
  return admitWaiting(step.attempts, step.effects);
}

function cancelOne(attempts: Attempts, key: AttemptKey): AttemptsStep {
  const attempt = attempts.live.get(attemptName(key));
  switch (attempt?.kind) {
    case 'waiting':
      return {
        attempts: withEnded(without(attempts, key), { key: keyOf(key), failure: undefined }),
        effects: [ended(key)],
      };
    case 'preparing':
      return replaced(attempts, { ...attempt, kind: 'cancelling', threads: undefined }, [
        { kind: 'stop-preparing', key: keyOf(key) },
      ]);
    case 'running':
      return replaced(attempts, { ...attempt, kind: 'cancelling' }, [
        ...postAll(attempt.deployment, attempt.threads, { kind: 'cancel' }),
        { kind: 'set-deadline', key: keyOf(key) },
      ]);
    case 'cancelling':
    case undefined:
      return unchanged(attempts);
    default:
      return unreachable(attempt);
  }
}

function onPrepared(attempts: Attempts, key: AttemptKey, modulePath: string): AttemptsStep {
  const attempt = attempts.live.get(attemptName(key));
  if (attempt?.kind === 'cancelling' && attempt.threads === undefined) {
    return end(attempts, key);
  }
  if (attempt?.kind !== 'preparing') {
    return unchanged(attempts);
  }
  const { deployment, slots, early } = attempt;
  const threads = new Set(slots.map(({ slot }) => slot));
  return replaced(attempts, { ...attempt, kind: 'running', early: [], threads }, [
    ...slots.map(({ slot }): AttemptEffect => ({ kind: 'start-thread', deployment, slot, modulePath })),
    ...early.flatMap((command) => postAll(deployment, threads, command)),
  ]);
}

function onPreparationFailed(attempts: Attempts, key: AttemptKey, failure: Failure): AttemptsStep {
  const attempt = attempts.live.get(attemptName(key));
  if (attempt?.kind === 'preparing') {
    return end(attempts, key, [failed(key, failure)], failure);
  }
  return attempt?.kind === 'cancelling' && attempt.threads === undefined ? end(attempts, key) : unchanged(attempts);
}

function onThreadEnded(
  attempts: Attempts,
  { key, slot, failure }: Extract<AttemptEvent, { kind: 'thread-ended' }>,
): AttemptsStep {
  const attempt = attempts.live.get(attemptName(key));
  if ((attempt?.kind !== 'running' && attempt?.kind !== 'cancelling') || attempt.threads === undefined) {
    return unchanged(attempts);
  }
  const threads = new Set([...attempt.threads].filter((other) => other !== slot));
  const isNews = failure !== undefined && attempt.kind === 'running';
  const effects = isNews ? [failed(key, failure)] : [];
  const standing = isNews ? { ...attempt.standing, failure } : attempt.standing;
  return threads.size === 0
    ? end(attempts, key, effects, standing.failure)
    : replaced(attempts, { ...attempt, standing, threads }, effects);
}

function onCancelOverdue(attempts: Attempts, key: AttemptKey): AttemptsStep {
  const attempt = attempts.live.get(attemptName(key));
  if (attempt?.kind !== 'cancelling') {
    return unchanged(attempts);
  }
  const slots = [...(attempt.threads ?? [])];
  return { attempts, effects: slots.map((slot): AttemptEffect => ({ kind: 'terminate', key: keyOf(key), slot })) };
}

/** I4: nothing of it runs any more. */
function end(
  attempts: Attempts,
  key: AttemptKey,
  before: readonly AttemptEffect[] = [],
  failure?: Failure,
): AttemptsStep {
  const gone = withEnded(without(attempts, key), { key: keyOf(key), failure });
  return admitWaiting(gone, [...before, { kind: 'close-exchange', key: keyOf(key) }, ended(key)]);
}

/** I1, I6: attempts whose places are free begin, in the order in which they came. */
function admitWaiting(attempts: Attempts, before: readonly AttemptEffect[]): AttemptsStep {
  const held = new Set<number>();
  const jobs = new Set<JobId>();
  const hold = ({ slots, deployment }: Attempt): void => {
    slots.forEach(({ index }) => held.add(index));
    jobs.add(deployment.jobId);
  };
  for (const attempt of attempts.live.values()) {
    if (attempt.kind !== 'waiting') {
      hold(attempt);
    }
  }
  const live = new Map(attempts.live);
  const effects = [...before];
  for (const [name, attempt] of attempts.live) {
    const isFree = !attempt.slots.some(({ index }) => held.has(index)) && !jobs.has(attempt.deployment.jobId);
    if (attempt.kind === 'waiting' && isFree) {
      hold(attempt);
      live.set(name, { ...attempt, kind: 'preparing' });
      effects.push({ kind: 'prepare', deployment: attempt.deployment });
    }
  }
  return { attempts: { ...attempts, live }, effects };
}

function refuse(attempts: Attempts, deployment: Deployment, index: number): AttemptsStep {
  const { self, slotCount } = attempts;
  const failure: Failure = {
    code: 'no-such-slot',
    reaction: 'restart-job',
    message: `task manager ${self} has ${slotCount} slots, but was given slot ${index} of the attempt`,
  };
  return {
    attempts: withEnded(attempts, { key: keyOf(deployment), failure }),
    effects: [failed(deployment, failure), ended(deployment)],
  };
}

/** I4 */
function onRegistered(attempts: Attempts, cancel: readonly AttemptKey[]): AttemptsStep {
  const over = attempts.ended.flatMap(({ key, failure }) =>
    failure === undefined ? [ended(key)] : [failed(key, failure), ended(key)],
  );
  const step = cancelAll(attempts, cancel);
  const cancelled = new Set(cancel.map(attemptName));
  const told = [...attempts.live]
    .filter(([name]) => !cancelled.has(name))
    .flatMap(([, { deployment, standing }]) => retold(standing, deployment).map(send));
  return { attempts: step.attempts, effects: [...over, ...step.effects, ...told] };
}

function onAssignment(attempts: Attempts, command: Extract<SlotCommand, { kind: 'assign-splits' }>): AttemptsStep {
  const { assignment } = command;
  const attempt = attempts.live.get(attemptName(assignment));
  if (attempt === undefined) {
    return unchanged(attempts);
  }
  const { attempts: noted } = replaced(attempts, {
    ...attempt,
    standing: withAssignment(attempt.standing, assignment),
  });
  return onSlotCommand(noted, assignment, command);
}
