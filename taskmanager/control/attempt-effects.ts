import type { Acknowledgement } from '../../shared/control/acknowledgement.ts';
import type { AttemptKey, FromTaskManager } from '../../shared/control/messages.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { SlotCommand } from '../slots/slot-messages.ts';
import { keyOf } from './attempt.ts';
import type { Attempt } from './attempt.ts';
import type { AttemptEffect } from './attempt-events.ts';
import { withAttempt } from './attempts.ts';
import type { Attempts } from './attempts.ts';

export interface AttemptsStep {
  readonly attempts: Attempts;
  readonly effects: readonly AttemptEffect[];
}

export function send(message: FromTaskManager): AttemptEffect {
  return { kind: 'send', message };
}

export function acknowledge(key: AttemptKey, ack: Acknowledgement): AttemptEffect {
  return send({ kind: 'acknowledge-checkpoint', ...keyOf(key), ack });
}

export function postAll(key: AttemptKey, threads: Iterable<number>, command: SlotCommand): readonly AttemptEffect[] {
  return [...threads].map((slot) => ({ kind: 'post', key: keyOf(key), slot, command }));
}

export function failed(key: AttemptKey, failure: Failure): AttemptEffect {
  return send({ kind: 'attempt-failed', ...keyOf(key), failure });
}

export function ended(key: AttemptKey): AttemptEffect {
  return send({ kind: 'attempt-ended', ...keyOf(key) });
}

export function unchanged(attempts: Attempts): AttemptsStep {
  return { attempts, effects: [] };
}

export function replaced(attempts: Attempts, attempt: Attempt, effects: readonly AttemptEffect[] = []): AttemptsStep {
  return { attempts: { ...attempts, live: withAttempt(attempts.live, attempt) }, effects };
}
