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
}

export interface Membership {
  readonly members: ReadonlyMap<TaskManagerId, Member>;
  readonly byConnection: ReadonlyMap<ConnectionId, TaskManagerId>;
  /** When each member was last heard. Apart from `members`, which changes rarely: schedulers compare that one by identity. */
  readonly heard: ReadonlyMap<TaskManagerId, Instant>;
}

export const NO_MEMBERS: Membership = { members: new Map(), byConnection: new Map(), heard: new Map() };

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
  };
}

export function withoutMember(membership: Membership, member: Member): Membership {
  const members = new Map(membership.members);
  const byConnection = new Map(membership.byConnection);
  const heard = new Map(membership.heard);
  members.delete(member.id);
  byConnection.delete(member.connection);
  heard.delete(member.id);
  return { members, byConnection, heard };
}

/** The member that talks on this connection; undefined when it was replaced, lost, or never registered. */
export function memberOn(membership: Membership, connection: ConnectionId): Member | undefined {
  const id = membership.byConnection.get(connection);
  return id === undefined ? undefined : membership.members.get(id);
}
