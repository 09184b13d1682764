import { unreachable } from '../../shared/invariant.ts';
import type { Registration } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import { chooseSilent, silentForMs } from './failure-detector.ts';
import type { ConnectionId } from './ids.ts';
import { memberOf, memberOn, withMember, withoutMember } from './members.ts';
import type { Instant, LostMember, Member, Membership } from './members.ts';
import type { MembershipEvent, MembershipSend, MembershipSettings } from './membership-events.ts';

/**
 * Who is in the cluster.
 *
 * I1  A task manager id has at most one member, and a connection belongs to at most one member.
 * I2  A member that was lost, for whatever reason, is lost for good: the same process comes back by registering again, and
 *     everything it still runs from before is cancelled (it is listed in `Registered.cancel`).
 * I3  A process whose id is in use by another one that was heard a moment ago is refused: two processes that are configured
 *     with one id must not push each other out for ever. If the older one is silent or gone, the newer replaces it.
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
      return onGone(membership, memberOn(membership, event.connection), 'its connection broke');
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

interface RegisterEvent {
  readonly connection: ConnectionId;
  readonly registration: Registration;
}

function onRegister(
  membership: Membership,
  { connection, registration }: RegisterEvent,
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
  const gone = onGone(membership, older, 'it registered anew');
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
        // I2: what it runs from before is no part of any attempt that counts.
        message: { kind: 'registered', heartbeatIntervalMs, heartbeatTimeoutMs, cancel: registration.attempts },
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
  return { membership: next, lost, joined: undefined, send };
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
