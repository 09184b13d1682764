import { unreachable } from '../../shared/invariant.ts';
import { attemptName } from '../../shared/control/messages.ts';
import type { AttemptKey, Registration } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { chooseSilent, silentForMs } from './failure-detector.ts';
import type { ConnectionId } from './ids.ts';
import { memberOf, memberOn, withAbsent, withDraining, withMember, withoutMember } from './members.ts';
import type { Instant, LostMember, Member, Membership } from './members.ts';
import type { MembershipEvent, MembershipSend, MembershipSettings, Probed } from './membership-events.ts';

/**
 * Who is in the cluster.
 *
 * I1  A task manager id has at most one member, and a connection belongs to at most one member.
 * I2  A member that was lost, for whatever reason, is lost for good: the same process comes back by registering again, and
 *     everything it still runs from before is cancelled (it is listed in `Registered.cancel`), but for what a leader adopts.
 * I4  A member whose connection broke is absent, not lost, while it runs what would go on if it came back: until its process is
 *     found dead, or for a second, or, if its process is found alive, for the heartbeat timeout.
 * I3  A process whose id is in use by another one that was heard a moment ago is refused: two processes that are configured
 *     with one id must not push each other out for ever. If the older one is silent, absent or gone, the newer replaces it.
 */
export interface MembershipStep {
  readonly membership: Membership;
  readonly lost: readonly LostMember[];
  readonly joined: Member | undefined;
  readonly send: readonly MembershipSend[];
}

/** Heartbeats that may be missed before another process may take over an id. */
const FRESH_INTERVALS = 2;

export function membershipStep(
  membership: Membership,
  event: MembershipEvent,
  settings: MembershipSettings,
  now: Instant,
): MembershipStep {
  switch (event.kind) {
    case 'register':
      return onRegister(membership, event, settings, now);
    case 'connection-lost':
      return onConnectionLost(membership, event, now);
    case 'probed':
      return onProbed(membership, event);
    case 'draining': {
      const member = memberOn(membership, event.connection);
      return unchanged(member === undefined ? membership : withDraining(membership, member));
    }
    case 'goodbye': {
      const member = memberOn(membership, event.connection);
      const step = onGone(membership, member, `it said goodbye (${event.reason})`);
      return { ...step, send: [closing(event.connection)] };
    }
    case 'tick':
      return onTick(withHeard(membership, event.heard), settings, now);
    case 'drop': {
      const member = membership.members.get(event.taskManager);
      const step = onGone(membership, member, event.why);
      return member === undefined ? step : { ...step, send: [closing(member.connection)] };
    }
    default:
      return unreachable(event);
  }
}

/** Most reconnections of a process that lives take far less; a process that cannot be reached at all is not waited for longer. */
const ABSENT_MS = 1_000;
/** A process that was just killed may still take a connection for a moment: that it does is asked again until it is back or gone. */
const PROBE_AGAIN_MS = 200;

function onConnectionLost(
  membership: Membership,
  { connection, mayReturn }: Extract<MembershipEvent, { kind: 'connection-lost' }>,
  now: Instant,
): MembershipStep {
  const member = memberOn(membership, connection);
  if (member === undefined || mayReturn !== true) {
    return onGone(membership, member, 'its connection broke');
  }
  return {
    ...unchanged(withAbsent(membership, member, { since: now, isAlive: false, askedAt: now })),
    send: [probeOf(member)],
  };
}

function probeOf({ id: taskManager, incarnation, dataAddress }: Member): MembershipSend {
  return { kind: 'probe', taskManager, incarnation, dataAddress };
}

function onProbed(membership: Membership, { taskManager, incarnation, result }: Probed): MembershipStep {
  const member = membership.members.get(taskManager);
  const absence = membership.absent.get(taskManager);
  if (member?.incarnation !== incarnation || absence === undefined || result === 'unknown') {
    return unchanged(membership);
  }
  return result === 'refused'
    ? onGone(membership, member, 'its connection broke and its process is gone')
    : unchanged(withAbsent(membership, member, { ...absence, isAlive: true }));
}

interface RegisterEvent {
  readonly connection: ConnectionId;
  readonly registration: Registration;
  readonly keep?: readonly AttemptKey[];
}

function onRegister(
  membership: Membership,
  { connection, registration, keep = [] }: RegisterEvent,
  settings: MembershipSettings,
  now: Instant,
): MembershipStep {
  const refusal = chooseRefusal(membership, registration, settings, now);
  if (refusal !== undefined) {
    return {
      ...unchanged(membership),
      send: [{ kind: 'message', connection, message: { kind: 'refused', ...refusal } }, closing(connection)],
    };
  }
  const older = membership.members.get(registration.taskManager);
  const isBack = older?.incarnation === registration.incarnation && keep.length > 0;
  const gone = isBack ? withoutLoss(membership, older) : onGone(membership, older, 'it registered anew');
  const kept = new Set(keep.map(attemptName));
  const cancel = registration.attempts
    .filter((attempt) => !kept.has(attemptName(attempt)))
    .map(({ jobId, attempt }) => ({ jobId, attempt }));
  const member = memberOf(registration, connection);
  const { heartbeatIntervalMs, heartbeatTimeoutMs } = settings;
  return {
    membership: withMember(gone.membership, member, now),
    lost: gone.lost,
    joined: member,
    send: [
      ...(older === undefined ? [] : [closing(older.connection)]),
      {
        kind: 'message',
        connection,
        // I2: what else it runs from before is no part of any attempt that counts.
        message: { kind: 'registered', heartbeatIntervalMs, heartbeatTimeoutMs, cancel },
      },
    ],
  };
}

function chooseRefusal(
  membership: Membership,
  registration: Registration,
  settings: MembershipSettings,
  now: Instant,
): { readonly code: string; readonly message: string } | undefined {
  const { taskManager, incarnation, slots, version } = registration;
  if (version !== settings.version) {
    return {
      code: 'version-mismatch',
      message: `task manager "${taskManager}" is of version ${version}, the coordinator of ${settings.version}: run the same version everywhere`,
    };
  }
  if (slots < 1) {
    return {
      code: 'no-slots',
      message: `task manager "${taskManager}" offers no slot: set taskmanager.numberOfTaskSlots to 1 or more`,
    };
  }
  const older = membership.members.get(taskManager);
  const freshMs = FRESH_INTERVALS * settings.heartbeatIntervalMs;
  if (
    older !== undefined &&
    older.incarnation !== incarnation &&
    !membership.absent.has(taskManager) &&
    silentForMs(membership, taskManager, now) <= freshMs
  ) {
    return {
      code: 'task-manager-id-in-use',
      message: `another running process is registered as task manager "${taskManager}": give each its own taskmanager.id`,
    };
  }
  return undefined;
}

function onTick(membership: Membership, settings: MembershipSettings, now: Instant): MembershipStep {
  let next = membership;
  const lost: LostMember[] = [];
  const send: MembershipSend[] = [];
  for (const member of chooseSilent(membership, now, settings.heartbeatTimeoutMs)) {
    next = withoutMember(next, member);
    lost.push({
      member,
      failure: lostFailure(member, `nothing was heard of it for ${settings.heartbeatTimeoutMs} ms`),
    });
    send.push(closing(member.connection));
  }
  for (const [id, absence] of next.absent) {
    const member = next.members.get(id);
    if (member !== undefined && !absence.isAlive && now - absence.since > ABSENT_MS) {
      next = withoutMember(next, member);
      lost.push({ member, failure: lostFailure(member, 'its connection broke') });
    } else if (member !== undefined && absence.isAlive && now - absence.askedAt >= PROBE_AGAIN_MS) {
      next = withAbsent(next, member, { ...absence, askedAt: now });
      send.push(probeOf(member));
    }
  }
  return { membership: next, lost, joined: undefined, send };
}

function withoutLoss(membership: Membership, member: Member): MembershipStep {
  return unchanged(withoutMember(membership, member));
}

function onGone(membership: Membership, member: Member | undefined, why: string): MembershipStep {
  if (member === undefined) {
    return unchanged(membership);
  }
  return {
    membership: withoutMember(membership, member),
    lost: [{ member, failure: lostFailure(member, why) }],
    joined: undefined,
    send: [],
  };
}

function withHeard(membership: Membership, heard: ReadonlyMap<ConnectionId, Instant>): Membership {
  if (heard.size === 0) {
    return membership;
  }
  const next = new Map(membership.heard);
  for (const [connection, at] of heard) {
    const id = membership.byConnection.get(connection);
    if (id !== undefined) {
      next.set(id, Math.max(at, next.get(id) ?? at));
    }
  }
  return { ...membership, heard: next };
}

function lostFailure(member: Member, why: string): Failure {
  return {
    code: 'task-manager-lost',
    reaction: 'restart-job',
    message: `The task manager "${member.id}" was lost: ${why}.`,
    remedy: 'Its jobs restart by themselves when there are slots; see its log for the cause.',
  };
}

function closing(connection: ConnectionId): MembershipSend {
  return { kind: 'close-connection', connection };
}

function unchanged(membership: Membership): MembershipStep {
  return { membership, lost: [], joined: undefined, send: [] };
}
