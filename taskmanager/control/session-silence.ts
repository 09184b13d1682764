import type { Clock } from '../../shared/clock/clock.ts';
import type { Leader } from '../../shared/leader/leader.ts';
import type { LeaderDirectory } from '../../shared/leader/leader-directory.ts';

/** What is known of the open session with a coordinator. */
export interface Talk {
  readonly leader: Leader;
  end: SessionEnd | undefined;
  /** Nothing more is taken from it. */
  isOver: boolean;
  /** Undefined: not registered yet. */
  heartbeats: { readonly intervalMs: number; readonly timeoutMs: number } | undefined;
  heardMs: number;
}

export type SessionEnd =
  | { readonly kind: 'ended'; readonly reason: string; readonly wasRegistered: boolean }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** How often to look whether an answer to the registration came, and how long it may take. */
const REGISTERING = { intervalMs: 100, timeoutMs: 5_000 };
/** Heartbeats without an answer before it is asked whether another coordinator leads by now: this one may be frozen. */
const SUSPECT_INTERVALS = 2;
/** After a silence, before it is believed. */
const SECOND_LOOK_MS = 100;

/**
 * Waits until the next heartbeat is due. Gives why the session is to be ended, if it is: nothing was heard for the timeout, or
 * nothing for a while and another coordinator leads.
 */
export async function untilHeartbeatDue(
  talk: Talk,
  { clock, directory }: { readonly clock: Clock; readonly directory: LeaderDirectory },
  signal: AbortSignal,
): Promise<string | undefined> {
  const { intervalMs, timeoutMs } = talk.heartbeats ?? REGISTERING;
  const silentMs = (): number => clock.monotonicMs() - talk.heardMs;
  if (talk.heartbeats !== undefined && silentMs() > SUSPECT_INTERVALS * intervalMs) {
    await directory.changed(intervalMs, signal);
    const found = await directory.find({ deadlineMs: intervalMs, signal });
    if (found.kind === 'leader' && found.leader.epoch > talk.leader.epoch) {
      return `${found.leader.address} leads now`;
    }
  } else {
    await clock.sleep(intervalMs, signal);
  }
  if (silentMs() > timeoutMs) {
    // Perhaps it is this process that stood still, and an answer waits to be read.
    await clock.sleep(SECOND_LOOK_MS, signal);
  }
  return silentMs() > timeoutMs ? `silent for ${timeoutMs} ms` : undefined;
}
