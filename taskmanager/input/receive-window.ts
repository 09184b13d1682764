/**
 * The consumer's half of a channel's flow control, as a pure step machine (the producer's: ../exchange/send-window.ts).
 *
 * I1  Frames are taken in the order of their sequence numbers, without a gap: a lost frame fails the channel.
 * I2  At most `creditsMax` data frames are here and not wholly read. A producer that sends more is broken: fail, not queue.
 * I3  A credit is given back only for a data frame that was wholly read, and each is given back once.
 * I4  Credits of a channel are its own: no pool is shared between channels, so a channel whose consumer stands still cannot
 *     take what another needs, and none of Flink's rules against that deadlock (releasing floating buffers of blocked
 *     channels) is needed. The price is memory for creditsMax frames per channel; channel-plan.ts bounds it by the fan-in.
 * I5  For a barrier behind which the producer waits, exactly one resume is owed.
 */
export interface ReceiveWindow {
  readonly creditsMax: number;
  readonly expectedSeq: number;
  readonly unreadData: number;
  /** Read, and not yet told to the producer. */
  readonly owedCredits: number;
  /** The sequence number of the barrier that the producer waits behind, once it was handed over. */
  readonly owedResume: number | undefined;
  /** Sequence number of the next message back to the producer. */
  readonly feedbackSeq: number;
}

export type Received = { readonly kind: 'taken'; readonly window: ReceiveWindow } | WindowViolation;

export interface WindowViolation {
  readonly kind: 'violation';
  readonly problem: string;
}

export function openReceiveWindow(creditsMax: number): ReceiveWindow {
  return { creditsMax, expectedSeq: 0, unreadData: 0, owedCredits: 0, owedResume: undefined, feedbackSeq: 0 };
}

export function onFrame(window: ReceiveWindow, frame: { kind: 'data' | 'control'; seq: number }): Received {
  if (frame.seq !== window.expectedSeq) {
    return { kind: 'violation', problem: `expected frame ${window.expectedSeq}, got ${frame.seq}` };
  }
  const unreadData = window.unreadData + (frame.kind === 'data' ? 1 : 0);
  if (unreadData + window.owedCredits > window.creditsMax) {
    return { kind: 'violation', problem: `more than ${window.creditsMax} data frames without credit` };
  }
  return { kind: 'taken', window: { ...window, expectedSeq: nextSeq(frame.seq), unreadData } };
}

/** A data frame was read to its end. */
export function onDataRead(window: ReceiveWindow): ReceiveWindow {
  return { ...window, unreadData: window.unreadData - 1, owedCredits: window.owedCredits + 1 };
}

/** A barrier was handed over behind which the producer waits. */
export function onBarrierRead(window: ReceiveWindow, barrierSeq: number): ReceiveWindow {
  return { ...window, owedResume: barrierSeq };
}

/**
 * Credits are told half a window at a time, or when nothing is left to read: fewer messages, and never a credit kept back
 * while the producer may be waiting for it and nothing here will move (what is unread will be read, and tell it).
 */
export function isCreditDue(window: ReceiveWindow): boolean {
  return window.owedCredits > 0 && (window.unreadData === 0 || window.owedCredits * 2 >= window.creditsMax);
}

/** All owed credits, or all that is owed for the barrier, is being sent. */
export function onCreditsSent(window: ReceiveWindow): ReceiveWindow {
  return { ...window, owedCredits: 0, feedbackSeq: nextSeq(window.feedbackSeq) };
}

export function onResumeSent(window: ReceiveWindow): ReceiveWindow {
  return { ...window, owedResume: undefined, feedbackSeq: nextSeq(window.feedbackSeq) };
}

/** Sequence numbers are 32 bits and wrap. */
export function nextSeq(seq: number): number {
  return (seq + 1) >>> 0;
}
