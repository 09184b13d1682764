import { beginClosing, restart } from './abort-checkpoint.ts';
import { subtaskName } from './abort-reason.ts';
import { announce } from './announce.ts';
import { CheckpointDraft } from './checkpoint-draft.ts';
import type { CheckpointStep } from './checkpoint-draft.ts';
import type { CheckpointEvent, WriteAnswered } from './checkpoint-events.ts';
import type { CheckpointContext, Checkpoints } from './checkpoints.ts';
import {
  beginCompletion,
  onCommitBroken,
  onCommitted,
  onCompletionRecord,
  onObjectAnswered,
  repeatCompletionWrite,
} from './complete-checkpoint.ts';
import { expireOverdue } from './expire-checkpoint.ts';
import { onSavepointCopied } from './finish-checkpoint.ts';
import { taskManagersOf } from './plan-checkpoint.ts';
import type { Participants } from './plan-checkpoint.ts';
import { allOutputs, findTooOld } from './prepared-output.ts';
import { onIdsAnswered, repeatReservation, reserveIds } from './reserve-ids.ts';
import { die, settleIfQuiet } from './settle.ts';
import {
  onSubtaskFinished,
  onTaskManagerBack,
  takeAcknowledgement,
  takeDecline,
  takeProgress,
} from './take-acknowledgement.ts';
import { takeRequest, triggerIfDue } from './trigger-checkpoint.ts';

/**
 * The checkpoints of one attempt as a pure step machine: a checkpoint is triggered, acknowledged by every task manager, and
 * completed, which commits the output of exactly-once sinks; or it is aborted, and loses nothing.
 *
 * C1   Ids are never reused: taken from a durably reserved block, each once, by whatever leader (checkpoint-ids.ts).
 * C2   The order of completion is metadata object → pointer → commits → marker (→ terminal record) → tasks are told. Each begins
 *      when the one before is known to be done.
 * C3   The pointer is the commit record. Before it nothing is committed; behind it nothing is aborted.
 * C4   The pointer of n + 1 is not written before the marker of n: one checkpoint is on its way at a time, in ascending order.
 * C5   A write whose answer is ambiguous is repeated, the same, until the answer is definite. Until then nothing that hangs on
 *      it is aborted, committed, deleted or announced, and the attempt is not given back (write-progress.ts).
 * C6   What an acknowledgement names as prepared is named by every later one, until a marker covers it; what a marker covers is
 *      never committed again (prepared-output.ts).
 * C7   No pointer over output that is older than half of its transaction timeout: restart from the checkpoint before instead.
 * C8   A later checkpoint subsumes an earlier one, but none overtakes a savepoint; behind a final one nothing is triggered.
 * C9   After `end` (a restart, a cancel) what has begun is finished before `settled`: then there is no pointer without marker.
 * C10  Every abort is told to every task manager and explained in one sentence; only those on the list count as failures.
 *      One failure more than is tolerable restarts the attempt.
 */
export function checkpointStep(state: Checkpoints, event: CheckpointEvent, context: CheckpointContext): CheckpointStep {
  const draft = new CheckpointDraft(state, context);
  if (state.phase !== 'dead') {
    onEvent(draft, event);
    goOn(draft);
  }
  return draft.finish();
}

function onEvent(draft: CheckpointDraft, event: CheckpointEvent): void {
  switch (event.kind) {
    case 'started':
    case 'adopted':
      onAttempt(draft, event.participants, event.kind === 'adopted');
      return;
    case 'tick':
      onTick(draft);
      return;
    case 'checkpoint-wanted':
      hasten(draft);
      return;
    case 'savepoint-wanted':
      takeRequest(draft, { request: event.request, directory: event.directory, mode: event.mode });
      return;
    case 'object-answered':
    case 'record-answered':
      onWriteAnswered(draft, event);
      return;
    case 'committed':
      onCommitted(draft, event.checkpoint);
      return;
    case 'commit-broken':
      onCommitBroken(draft, event.checkpoint, event.failure);
      return;
    case 'savepoint-copied':
      onSavepointCopied(draft, event);
      return;
    case 'end':
      beginClosing(draft);
      return;
    default:
      onTaskManagerWord(draft, event);
  }
}

type TaskManagerWord = Extract<
  CheckpointEvent,
  { kind: 'acknowledged' | 'declined' | 'progress' | 'subtask-finished' | 'task-manager-back' }
>;

function onTaskManagerWord(draft: CheckpointDraft, event: TaskManagerWord): void {
  switch (event.kind) {
    case 'acknowledged':
      takeAcknowledgement(draft, event.ack);
      return;
    case 'declined':
      takeDecline(draft, event);
      return;
    case 'progress':
      takeProgress(draft, event);
      return;
    case 'subtask-finished':
      onSubtaskFinished(draft, event.subtask);
      return;
    case 'task-manager-back':
      onTaskManagerBack(draft, event.taskManager);
  }
}

function onWriteAnswered(draft: CheckpointDraft, event: WriteAnswered): void {
  if (event.kind === 'object-answered') {
    onObjectAnswered(draft, event.checkpoint, event.answer);
  } else if (event.answer.kind === 'fenced') {
    die(draft, 'Another coordinator leads now: ask that one.');
    draft.send({ kind: 'fenced' });
  } else if (event.record === 'ids') {
    onIdsAnswered(draft, event.answer);
  } else {
    onCompletionRecord(draft, event.record, event.answer);
  }
}

/** A checkpoint follows at once; an adopted attempt first learns what became of the former leader's. */
function onAttempt(draft: CheckpointDraft, participants: Participants, isAdopted: boolean): void {
  if (draft.state.phase !== 'open') {
    return;
  }
  draft.change({ participants, dueAt: draft.context.now });
  if (isAdopted) {
    taskManagersOf(participants).forEach((taskManager) => announce(draft, taskManager));
  }
}

function hasten(draft: CheckpointDraft): void {
  const { state, context } = draft;
  const earliest = state.dueAt - state.settings.intervalMs + state.settings.minPauseMs;
  draft.change({ dueAt: Math.min(state.dueAt, Math.max(context.now, earliest)) });
}

function onTick(draft: CheckpointDraft): void {
  repeatReservation(draft);
  repeatCompletionWrite(draft);
  expireOverdue(draft);
  restartIfTooOld(draft);
}

/** No need to wait for a checkpoint that cannot have a pointer (C7). What is on its way to be committed needs nothing. */
function restartIfTooOld(draft: CheckpointDraft): void {
  const { phase, completing, prepared } = draft.state;
  if (phase !== 'open' || (completing !== undefined && completing.stage.kind !== 'metadata')) {
    return;
  }
  const tooOld = findTooOld(allOutputs(prepared), draft.context.now);
  if (tooOld !== undefined) {
    const age = Math.round(draft.context.now - tooOld.bornAt);
    const message = `${subtaskName(tooOld)} prepared output of sink ${tooOld.sink} ${age} ms ago, more than half of its transaction timeout, and no checkpoint has committed it.`;
    restart(draft, 'committable-too-old', message);
  }
}

/** What follows from where things stand, whatever the event was. */
function goOn(draft: CheckpointDraft): void {
  if (draft.state.phase === 'open') {
    beginCompletion(draft);
    triggerIfDue(draft);
    reserveIds(draft);
  }
  settleIfQuiet(draft);
}
