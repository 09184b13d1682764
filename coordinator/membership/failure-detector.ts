import type { TaskManagerId } from '../../shared/ids.ts';
import type { Instant, Member, Membership } from './members.ts';

/**
 * Silence as evidence. A broken connection says more and says it at once; silence is for a peer that is frozen, or behind
 * a network that drops packets, while the connection still looks open. Pure: time is an argument.
 */

/** Members that have been silent for longer than the timeout, in order of their registration. */
export function chooseSilent(membership: Membership, now: Instant, timeoutMs: number): readonly Member[] {
  const silent: Member[] = [];
  for (const member of membership.members.values()) {
    if (silentForMs(membership, member.id, now) > timeoutMs) {
      silent.push(member);
    }
  }
  return silent;
}

/** Milliseconds since the member was last heard; 0 for one that is not a member. */
export function silentForMs(membership: Membership, id: TaskManagerId, now: Instant): number {
  return Math.max(0, now - (membership.heard.get(id) ?? now));
}
