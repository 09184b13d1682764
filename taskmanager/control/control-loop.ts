import type { Clock } from '../../shared/clock/clock.ts';
import type { AttemptReport, FromCoordinator, FromTaskManager, Registration } from '../../shared/control/messages.ts';
import { formatFailure, StreamError } from '../../shared/failure/failure.ts';
import type { LeaderEpoch } from '../../shared/ids.ts';
import type { Leader } from '../../shared/leader/leader.ts';
import type { LeaderDirectory } from '../../shared/leader/leader-directory.ts';
import type { Logger } from '../../shared/log/logger.ts';
import type { MetricSample } from '../../shared/metrics/metrics.ts';
import type { ControlClient, ControlSession } from './control-client.ts';
import { untilHeartbeatDue } from './session-silence.ts';
import type { SessionEnd, Talk } from './session-silence.ts';

/** What the control loop needs of the attempts. */
export interface ControlledAttempts {
  readonly live: readonly AttemptReport[];
  readonly epoch: bigint;
  readonly samples: readonly MetricSample[];
  askForSamples(): void;
  raise(
    event:
      | { readonly kind: 'command'; readonly leaderEpoch: LeaderEpoch; readonly message: FromCoordinator }
      | { readonly kind: 'leader-lost' }
      | { readonly kind: 'abandon' },
  ): void;
}

export interface ControlLoopDeps {
  readonly client: ControlClient;
  /** Says which coordinator leads. */
  readonly directory: LeaderDirectory;
  readonly identity: Omit<Registration, 'attempts'>;
  readonly attempts: ControlledAttempts;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long tasks run on while no leader can be reached. */
  readonly graceMs: number;
  /** How long what runs here may take to go on elsewhere, when the process is to end. */
  readonly drainMs: number;
  /** Series of the process itself, for the heartbeat. */
  readonly ownSamples: () => readonly MetricSample[];
}

const BACKOFF_MS_MIN = 100;
/** Short, since a leader that is just beginning refuses for a moment, and its tasks' checkpoints wait for the registration. */
const BACKOFF_MS_MAX = 500;
/** How long it may take to learn who leads. */
const FIND_MS = 2_000;
/** How long the last words may take. */
const LEAVE_MS = 1_000;
/** While draining: how often to look whether anything runs here still. */
const DRAIN_LOOK_MS = 50;
/** How long an id may be in use by another process: after a quick restart the coordinator may not have missed the old one yet. */
const ID_IN_USE_MS = 30_000;

/** Refusals that pass by themselves. */
const PASSING = new Set(['stale-leader', 'task-manager-id-in-use']);

/**
 * The task manager's talk with its coordinator, over one session after the other.
 *
 * I1  At most one session is open. What is to be sent while none is open is not kept here: a new session begins with what
 *     runs, and the attempts tell again what may have been missed (attempt-standing.ts). What still arrives on an ended session is dropped: a
 *     Deploy of it would hold slots that the coordinator takes for free.
 * I2  A session that is silent for the heartbeat timeout is ended; one that is silent at all, as soon as another coordinator leads.
 * I3  Tasks run on while no coordinator can be reached, for `graceMs`; then all attempts are abandoned.
 * I4  Asked to end, it drains first: it says so, and stays until nothing runs here, no longer than `drainMs`, and no longer than
 *     the session: a coordinator that has no other place for what runs here ends it.
 */
export class ControlLoop {
  readonly #deps: ControlLoopDeps;
  #session: ControlSession | undefined;
  #registeredAt: string | undefined;
  #lostSinceMs: number;
  #hasAbandoned = false;
  #isDraining = false;
  #refusedSinceMs: number | undefined;

  constructor(deps: ControlLoopDeps) {
    this.#deps = deps;
    this.#lostSinceMs = deps.clock.monotonicMs();
  }

  /** The coordinator that this task manager is registered with. */
  get leaderAddress(): string | undefined {
    return this.#registeredAt;
  }

  send(message: FromTaskManager): void {
    this.#session?.send(message, this.#deps.attempts.epoch);
  }

  /** Ends the session; another is opened. */
  dropLeader(): void {
    this.#session?.close();
    this.#session = undefined;
  }

  /** Until the signal aborts, and what runs here has gone elsewhere (I4). @throws StreamError `registration-refused` */
  async run(asked: AbortSignal): Promise<void> {
    const leaving = new AbortController();
    const drain = (): void => {
      const leave = (): void => {
        leaving.abort();
      };
      this.#drain(leaving.signal).then(leave, leave);
    };
    asked.addEventListener('abort', drain, { once: true });
    if (asked.aborted) {
      drain();
    }
    try {
      await this.#follow(leaving.signal);
    } finally {
      asked.removeEventListener('abort', drain);
      leaving.abort();
    }
  }

  /** I4 */
  async #drain(signal: AbortSignal): Promise<void> {
    const { attempts, clock, logger, drainMs } = this.#deps;
    const until = clock.monotonicMs() + drainMs;
    this.#isDraining = true;
    const isNeeded = (): boolean => attempts.live.length > 0 && this.#registeredAt !== undefined;
    if (isNeeded()) {
      logger.info('draining', { attempts: attempts.live.length, drainMs });
      this.send({ kind: 'draining' });
    }
    while (isNeeded() && !signal.aborted && clock.monotonicMs() < until) {
      await clock.sleep(DRAIN_LOOK_MS, signal);
    }
    if (isNeeded()) {
      logger.warn('drain-timeout', { attempts: attempts.live.length, drainMs });
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let backoffMs = BACKOFF_MS_MIN;
    while (!signal.aborted) {
      const wasRegistered = await this.#followLeader(signal);
      if (hasAborted(signal)) {
        return;
      }
      this.#abandonAfterGrace();
      backoffMs = wasRegistered ? BACKOFF_MS_MIN : Math.min(backoffMs * 2, BACKOFF_MS_MAX);
      // Ended early by a new leader: nothing that runs here should wait for one that is there.
      await this.#deps.directory.changed(backoffMs, signal);
    }
  }

  /** One session with whoever leads. Whether it came to a registration. */
  async #followLeader(signal: AbortSignal): Promise<boolean> {
    const found = await this.#deps.directory.find({ deadlineMs: FIND_MS, signal });
    if (found.kind !== 'leader') {
      const reason = found.kind === 'nobody' ? 'no coordinator leads' : formatFailure(found.failure);
      this.#deps.logger.debug('coordinator-unreachable', { reason });
      return false;
    }
    const { address } = found.leader;
    const end = await this.#runSession(found.leader, signal);
    this.#session = undefined;
    this.#registeredAt = undefined;
    if (!hasAborted(signal)) {
      this.#onSessionEnd(end, address);
    }
    return end.kind === 'ended' && end.wasRegistered;
  }

  #onSessionEnd(end: SessionEnd, address: string): void {
    const { clock, logger, attempts } = this.#deps;
    if (end.kind === 'refused') {
      this.#onRefused(end, address);
    } else if (end.wasRegistered) {
      this.#lostSinceMs = clock.monotonicMs();
      attempts.raise({ kind: 'leader-lost' });
      logger.warn('coordinator-lost', { address, reason: end.reason });
    } else {
      logger.debug('coordinator-unreachable', { address, reason: end.reason });
    }
  }

  /** I3 */
  #abandonAfterGrace(): void {
    const { clock, logger, graceMs, attempts } = this.#deps;
    const lostForMs = clock.monotonicMs() - this.#lostSinceMs;
    if (lostForMs > graceMs && !this.#hasAbandoned && attempts.live.length > 0) {
      this.#hasAbandoned = true;
      logger.error('coordinator-grace-over', { graceMs, attempts: attempts.live.length });
      attempts.raise({ kind: 'abandon' });
    }
  }

  #onRefused({ code, message }: Extract<SessionEnd, { kind: 'refused' }>, address: string): void {
    const { clock, logger } = this.#deps;
    const nowMs = clock.monotonicMs();
    this.#refusedSinceMs ??= nowMs;
    if (PASSING.has(code) && (code === 'stale-leader' || nowMs - this.#refusedSinceMs < ID_IN_USE_MS)) {
      logger.warn('registration-refused', { address, code, reason: message });
      return;
    }
    throw new StreamError({
      code: 'registration-refused',
      reaction: 'fail-job',
      message: `the coordinator ${address} refused this task manager: ${message}`,
    });
  }

  async #runSession(leader: Leader, signal: AbortSignal): Promise<SessionEnd> {
    const { address } = leader;
    const { client, identity, attempts, clock } = this.#deps;
    const over = new AbortController();
    const heardMs = clock.monotonicMs();
    const talk: Talk = { leader, end: undefined, isOver: false, heartbeats: undefined, heardMs };
    const session = client.open({
      address,
      registration: { ...identity, attempts: attempts.live },
      epoch: attempts.epoch,
      onMessage: (message, leaderEpoch) => {
        this.#onMessage(talk, message, leaderEpoch, address);
        if (talk.end !== undefined) {
          over.abort();
        }
      },
      onEnd: (reason) => {
        talk.end ??= { kind: 'ended', reason, wasRegistered: talk.heartbeats !== undefined };
        over.abort();
      },
    });
    this.#session = session;
    await this.#keepTalking(talk, session, AbortSignal.any([signal, over.signal]));
    talk.isOver = true;
    if (signal.aborted && talk.heartbeats !== undefined) {
      session.send({ kind: 'goodbye', reason: 'the process was asked to end' }, attempts.epoch);
    }
    session.close();
    if (signal.aborted) {
      // What was sent is under way until the coordinator has ended its side.
      await clock.sleep(LEAVE_MS, over.signal);
    }
    return talk.end ?? { kind: 'ended', reason: 'closed here', wasRegistered: talk.heartbeats !== undefined };
  }

  #onMessage(talk: Talk, message: FromCoordinator, leaderEpoch: LeaderEpoch, address: string): void {
    if (talk.isOver) {
      return; // I1
    }
    const { attempts, clock } = this.#deps;
    talk.heardMs = clock.monotonicMs();
    if (message.kind === 'refused') {
      talk.end = message;
      return;
    }
    if (message.kind === 'registered') {
      talk.heartbeats = { intervalMs: message.heartbeatIntervalMs, timeoutMs: message.heartbeatTimeoutMs };
      this.#onRegistered(address);
    }
    attempts.raise({ kind: 'command', leaderEpoch, message });
  }

  /** Heartbeats until the session ends, is dropped, or is silent for too long (I2). */
  async #keepTalking(talk: Talk, session: ControlSession, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#session === session) {
      const reason = await untilHeartbeatDue(talk, this.#deps, signal);
      if (reason !== undefined) {
        talk.end ??= { kind: 'ended', reason, wasRegistered: talk.heartbeats !== undefined };
        return;
      }
      if (!hasAborted(signal) && talk.heartbeats !== undefined) {
        this.#heartbeat();
      }
    }
  }

  #onRegistered(address: string): void {
    this.#registeredAt = address;
    this.#refusedSinceMs = undefined;
    this.#hasAbandoned = false;
    this.#lostSinceMs = this.#deps.clock.monotonicMs();
    if (this.#isDraining) {
      this.send({ kind: 'draining' });
    }
    this.#deps.logger.info('registered', { coordinator: address, slots: this.#deps.identity.slots });
  }

  #heartbeat(): void {
    const { attempts, clock, ownSamples } = this.#deps;
    attempts.askForSamples();
    this.send({
      kind: 'heartbeat',
      sentAtMs: clock.monotonicMs(),
      metrics: [...ownSamples(), ...attempts.samples],
    });
  }
}

/** Asked anew after an await. */
function hasAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
