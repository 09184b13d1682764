import { attemptName } from '../../shared/control/messages.ts';
import type { FromTaskManager, TaskReport } from '../../shared/control/messages.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { SlotStage } from '../slots/slot-messages.ts';
import { keyOf } from './attempt.ts';
import type { Attempt } from './attempt.ts';
import { acknowledge, failed, replaced, send, unchanged } from './attempt-effects.ts';
import type { AttemptsStep } from './attempt-effects.ts';
import type { AttemptEffect, AttemptEvent } from './attempt-events.ts';
import { awaitedOf, withReport, withSplitRequest } from './attempt-standing.ts';
import type { AttemptStanding } from './attempt-standing.ts';
import type { Attempts } from './attempts.ts';
import { keptSubtasks, onFewerAwaited, takeSnapshot } from './held-acknowledgements.ts';

/** What a slot says goes on to the coordinator, and is kept as far as it may have to be told again. */
export function onSlotReport(
  attempts: Attempts,
  { key, slot, report }: Extract<AttemptEvent, { kind: 'slot-report' }>,
  now: number,
): AttemptsStep {
  const attempt = attempts.live.get(attemptName(key));
  if (attempt === undefined) {
    return unchanged(attempts);
  }
  const { standing } = attempt;
  const withStanding = (next: AttemptStanding, effects: readonly AttemptEffect[]): AttemptsStep =>
    replaced(attempts, { ...attempt, standing: next }, effects);
  switch (report.kind) {
    case 'task-report':
      return onTaskReport(attempts, attempt, { report: report.report, slot }, now);
    case 'split-request':
      return withStanding(withSplitRequest(standing, report), [send(report)]);
    case 'slot-failed':
      return attempt.kind === 'cancelling'
        ? unchanged(attempts)
        : withStanding({ ...standing, failure: report.failure }, [failed(key, report.failure)]);
    case 'subtask-snapshot': {
      const { checkpoint, snapshot } = report;
      const step = takeSnapshot(standing.acknowledgements, checkpoint, {
        snapshot,
        awaited: awaitedOf(standing),
        now,
      });
      return withStanding(
        { ...standing, acknowledgements: step.held },
        step.send.map((ack) => acknowledge(key, ack)),
      );
    }
    case 'subtask-declined': {
      const { checkpoint, subtask, cause, detail } = report;
      const message = { kind: 'decline-checkpoint' as const, ...keyOf(key), checkpoint, subtask, cause, detail };
      return { attempts, effects: [send(message)] };
    }
    case 'checkpoint-stages':
      return { attempts, effects: progressOf(attempt, report.stages).map(send) };
    case 'checkpoint-wanted':
      return withStanding({ ...standing, wantsCheckpoint: true }, [send({ kind: 'checkpoint-wanted', ...keyOf(key) })]);
    case 'metrics':
    case 'done':
      return unchanged(attempts);
    default:
      return unreachable(report);
  }
}

/** A subtask that has finished answers no checkpoint any more: what waited for it only may be whole. */
function onTaskReport(
  attempts: Attempts,
  attempt: Attempt,
  { report, slot }: { readonly report: TaskReport; readonly slot: number },
  now: number,
): AttemptsStep {
  const { standing, deployment } = attempt;
  const reported = withReport(standing, report, slot);
  const { held, send: acks } =
    report.state === 'finished'
      ? onFewerAwaited(standing.acknowledgements, awaitedOf(reported), now)
      : { held: standing.acknowledgements, send: [] };
  return replaced(attempts, { ...attempt, standing: { ...reported, acknowledgements: held } }, [
    send({ kind: 'task-report', report }),
    ...acks.map((ack) => acknowledge(deployment, ack)),
  ]);
}

/** What the slot said of its subtasks, and whose snapshots are here already. */
function progressOf(
  { standing, deployment }: Attempt,
  stages: readonly SlotStage[],
): readonly Extract<FromTaskManager, { kind: 'checkpoint-progress' }>[] {
  return [...Map.groupBy(stages, ({ checkpoint }) => checkpoint)].map(([checkpoint, ofCheckpoint]) => ({
    kind: 'checkpoint-progress',
    ...keyOf(deployment),
    checkpoint,
    stages: [
      ...ofCheckpoint.map(({ subtask, stage }) => ({ subtask, stage })),
      ...keptSubtasks(standing.acknowledgements, checkpoint).map((subtask) => ({
        subtask,
        stage: { kind: 'done' as const },
      })),
    ],
  }));
}
