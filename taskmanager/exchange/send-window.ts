import { nextSeq } from '../input/receive-window.ts';

/**
 * The producer's half of a channel's flow control, as a pure step machine (the consumer's: ../input/receive-window.ts).
 *
 * I1  credits + frames under way + frames unread or not yet told = creditsMax, always. So credits are never negative, and
 *     never above creditsMax: a credit that would lift them above it was invented, and the channel fails.
 * I2  A data frame costs one credit. A control frame (barrier, cancel marker, end of input) needs none, but keeps its place.
 * I3  Behind a barrier that needs alignment nothing is sent, control frames neither, until the resume for that very barrier.
 * I4  Messages from the consumer are numbered: a lost credit would be a channel that stands still for ever, so a gap fails it.
 */
export interface SendWindow {
  readonly creditsMax: number;
  readonly credits: number;
  readonly nextSeq: number;
  /** The sequence number of the barrier behind which the channel waits. */
  readonly blockedBehind: number | undefined;
  readonly expectedFeedbackSeq: number;
}

export type Feedback =
  | { readonly kind: 'credit'; readonly seq: number; readonly credits: number }
  | { readonly kind: 'resume'; readonly seq: number; readonly barrierSeq: number };

export type FeedbackTaken =
  { readonly kind: 'taken'; readonly window: SendWindow } | { readonly kind: 'violation'; readonly problem: string };

export function openSendWindow(creditsMax: number): SendWindow {
  return { creditsMax, credits: creditsMax, nextSeq: 0, blockedBehind: undefined, expectedFeedbackSeq: 0 };
}

export function canSend(window: SendWindow, kind: 'data' | 'control'): boolean {
  return window.blockedBehind === undefined && (kind === 'control' || window.credits > 0);
}

/** The frame with number `window.nextSeq` is being sent. `blocks`: it is a barrier that needs alignment. */
export function onSent(window: SendWindow, frame: { kind: 'data' | 'control'; blocks: boolean }): SendWindow {
  return {
    ...window,
    credits: frame.kind === 'data' ? window.credits - 1 : window.credits,
    blockedBehind: frame.blocks ? window.nextSeq : window.blockedBehind,
    nextSeq: nextSeq(window.nextSeq),
  };
}

export function onFeedback(window: SendWindow, feedback: Feedback): FeedbackTaken {
  if (feedback.seq !== window.expectedFeedbackSeq) {
    return violation(`expected message ${window.expectedFeedbackSeq} from the consumer, got ${feedback.seq}`);
  }
  const counted: SendWindow = { ...window, expectedFeedbackSeq: nextSeq(feedback.seq) };
  if (feedback.kind === 'resume') {
    return feedback.barrierSeq === window.blockedBehind
      ? { kind: 'taken', window: { ...counted, blockedBehind: undefined } }
      : violation(`a resume for barrier ${feedback.barrierSeq}, behind which the channel does not wait`);
  }
  const credits = window.credits + feedback.credits;
  return feedback.credits > 0 && credits <= window.creditsMax
    ? { kind: 'taken', window: { ...counted, credits } }
    : violation(`${feedback.credits} credits on top of ${window.credits}, with a maximum of ${window.creditsMax}`);
}

function violation(problem: string): FeedbackTaken {
  return { kind: 'violation', problem };
}
