/** Ways to break the protocol, each in one place of the simulated world. A simulation that does not notice one proves nothing. */
export const MUTATIONS = [
  /** The leader commits when it asks for the pointer, not when it is durable. */
  'commit-before-pointer',
  /** A writer begins its next transaction under the (id, epoch) that was committed. */
  'epoch-reused',
  /** Transactional ids are the same in every attempt. */
  'ids-without-attempt',
  /** An ambiguous answer is resolved by a read: what is not there yet counts as not written. */
  'read-back',
  /** An acknowledgement names only what was prepared for its own checkpoint. */
  'acks-without-earlier',
  /** Tasks are told without the marker being written. */
  'marker-skipped',
  /** An acknowledgement describes only the state that changed since the checkpoint before, completed or not. */
  'deltas-without-aborted',
  /** Segments of former, wider subtasks are read whole, whatever their reference says of key groups. */
  'segments-without-range',
  /** A new leader goes on behind the last completed checkpoint instead of behind the reserved ids. */
  'ids-reused-by-leader',
  /** Prepared output never looks old: a pointer may name a transaction that is about to expire. */
  'age-ignored',
  /** What a marker covers is not recognised when an acknowledgement that was under way names it once more. */
  'covered-named-again',
] as const;

export type Mutation = (typeof MUTATIONS)[number];
