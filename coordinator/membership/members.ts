import type { Failure } from '../../shared/failure/failure.ts';
import type { Incarnation, TaskManagerId } from '../../shared/ids.ts';
import type { Registration } from '../../shared/control/messages.ts';
import type { ConnectionId } from './ids.ts';

/** Monotonic milliseconds: for deadlines, never shown to users. */
export type Instant = number;

/** A task manager that is registered and, as far as is known, alive. */
export interface Member {
  readonly id: TaskManagerId;
  readonly incarnation: Incarnation;
  readonly connection: ConnectionId;
  /** host:port of its data plane. */
  readonly dataAddress: string;
  readonly slots: number;
  /** It wants to leave: nothing more is deployed there. */
  readonly isDraining?: boolean;
}

export interface Membership {
  readonly members: ReadonlyMap<TaskManagerId, Member>;
  readonly byConnection: ReadonlyMap<ConnectionId, TaskManagerId>;
  /** When each member was last heard. Apart from `members`, which changes rarely: schedulers compare that one by identity. */
  readonly heard: ReadonlyMap<TaskManagerId, Instant>;
  /** Members whose connection broke, and which may come back with what they run. */
  readonly absent: ReadonlyMap<TaskManagerId, Absence>;
}

export interface Absence {
  readonly since: Instant;
  /** Its process was found alive: it is given the whole heartbeat timeout. */
  readonly isAlive: boolean;
  /** When its address was last asked. */
  readonly askedAt: Instant;
}

export const NO_MEMBERS: Membership = {
  members: new Map(),
  byConnection: new Map(),
  heard: new Map(),
  absent: new Map(),
};

/** A member that is one no more: every task it ran is lost to the coordinator, whatever the process still does. */
export interface LostMember {
  readonly member: Member;
  readonly failure: Failure;
}

export function memberOf(registration: Registration, connection: ConnectionId): Member {
  const { taskManager, incarnation, dataAddress, slots } = registration;
  return { id: taskManager, incarnation, connection, dataAddress, slots };
}

export function withMember(membership: Membership, member: Member, now: Instant): Membership {
  return {
    members: new Map(membership.members).set(member.id, member),
    byConnection: new Map(membership.byConnection).set(member.connection, member.id),
    heard: new Map(membership.heard).set(member.id, now),
    absent: without(membership.absent, member.id),
  };
}

export function withoutMember(membership: Membership, member: Member): Membership {
  return {
    members: without(membership.members, member.id),
    byConnection: without(membership.byConnection, member.connection),
    heard: without(membership.heard, member.id),
    absent: without(membership.absent, member.id),
  };
}

export function withDraining(membership: Membership, member: Member): Membership {
  return { ...membership, members: new Map(membership.members).set(member.id, { ...member, isDraining: true }) };
}

/** Members on which something may be deployed now. */
export function offeringMembers({ members, absent }: Membership): readonly Member[] {
  return [...members.values()].filter(({ id, isDraining }) => isDraining !== true && !absent.has(id));
}

/** Its connection is gone; it is still a member. */
export function withAbsent(membership: Membership, member: Member, absence: Absence): Membership {
  return {
    ...membership,
    byConnection: without(membership.byConnection, member.connection),
    absent: new Map(membership.absent).set(member.id, absence),
  };
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) {
    return map;
  }
  const next = new Map(map);
  next.delete(key);
  return next;
}

/** The member that talks on this connection; undefined when it was replaced, lost, or never registered. */
export function memberOn(membership: Membership, connection: ConnectionId): Member | undefined {
  const id = membership.byConnection.get(connection);
  return id === undefined ? undefined : membership.members.get(id);
}
