/** What becomes of an exact resend. A collision (same MSH-10, other content) is always passed and reported. */
export type DuplicatePolicy = 'drop' | 'pass' | 'dead-letter';

/** Dropped and counted: a resend is what a sender does that missed our acknowledgement, not news. */
export const defaultDuplicatePolicy: DuplicatePolicy = 'drop';
