import type { CheckpointCommand } from '../../shared/control/checkpoint-messages.ts';
import { attemptName } from '../../shared/control/messages.ts';
import type { FromCoordinator } from '../../shared/control/messages.ts';
import { unreachable } from '../../shared/invariant.ts';
import { acknowledge, postAll, replaced, unchanged } from './attempt-effects.ts';
import type { AttemptsStep } from './attempt-effects.ts';
import { awaitedOf } from './attempt-standing.ts';
import type { AttemptStanding } from './attempt-standing.ts';
import type { Attempts } from './attempts.ts';
import { onAborted, onAnnounced, onCompleted, onLeaderLost as onCoordinatorLost } from './held-acknowledgements.ts';
import type { AcknowledgementsStep } from './held-acknowledgements.ts';

export function isAboutCheckpoints(message: FromCoordinator): message is CheckpointCommand {
  switch (message.kind) {
    case 'trigger-checkpoint':
    case 'checkpoint-completed':
    case 'checkpoint-aborted':
    case 'announce-checkpoints':
      return true;
    default:
      return false;
  }
}

/** The slots are told, and what is kept of their acknowledgements follows. */
export function onCheckpointCommand(attempts: Attempts, message: CheckpointCommand, now: number): AttemptsStep {
  const attempt = attempts.live.get(attemptName(message));
  if (attempt === undefined) {
    return unchanged(attempts);
  }
  const { standing } = attempt;
  const heard = hear(standing, message, now);
  const next = { ...standing, acknowledgements: heard.held, wantsCheckpoint: false };
  const { attempts: noted } = replaced(attempts, { ...attempt, standing: next });
  const told = attempt.kind === 'running' ? postAll(attempt.deployment, attempt.threads, message) : [];
  return { attempts: noted, effects: [...told, ...heard.send.map((ack) => acknowledge(message, ack))] };
}

function hear(standing: AttemptStanding, message: CheckpointCommand, now: number): AcknowledgementsStep {
  const { acknowledgements } = standing;
  switch (message.kind) {
    case 'trigger-checkpoint':
      return { held: { ...onCompleted(acknowledgements, message.completed), isAnnounced: true }, send: [] };
    case 'checkpoint-completed':
      return { held: onCompleted(acknowledgements, message.checkpoint), send: [] };
    case 'checkpoint-aborted':
      return { held: onAborted(acknowledgements, message.checkpoint), send: [] };
    case 'announce-checkpoints':
      return onAnnounced(acknowledgements, message, { awaited: awaitedOf(standing), now });
    default:
      return unreachable(message);
  }
}

/** Nobody hears what is said: the slots give up what they align, and acknowledgements are kept. */
export function onLeaderLost(attempts: Attempts): AttemptsStep {
  let step: AttemptsStep = unchanged(attempts);
  for (const attempt of attempts.live.values()) {
    const { standing, deployment } = attempt;
    const lost = { ...standing, acknowledgements: onCoordinatorLost(standing.acknowledgements) };
    const effects = attempt.kind === 'running' ? postAll(deployment, attempt.threads, { kind: 'leader-lost' }) : [];
    const next = replaced(step.attempts, { ...attempt, standing: lost });
    step = { attempts: next.attempts, effects: [...step.effects, ...effects] };
  }
  return step;
}
