/** Metadata of an UNAVAILABLE from a coordinator that does not lead: the leader's address, or empty (proto/directory.proto). */
export const LEADER_METADATA = 'nerve-leader';

/** What a coordinator that does not lead says to whoever asks it for more than who leads. */
export function notLeading(leader: string | undefined): string {
  return leader === undefined
    ? 'this coordinator does not lead, and no leader is known; one is elected within seconds'
    : `this coordinator does not lead; ${leader} does`;
}
