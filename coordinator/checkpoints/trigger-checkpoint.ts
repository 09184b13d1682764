import type { TaskManagerId } from '../../shared/ids.ts';
import { SAVEPOINT_REQUESTS_MAX } from './checkpoint-settings.ts';
import type { CheckpointDraft } from './checkpoint-draft.ts';
import type { SavepointRequest } from './checkpoint-events.ts';
import { hasId, takeId } from './checkpoint-ids.ts';
import { isStopping } from './checkpoints.ts';
import type { Checkpoints, PendingCheckpoint } from './checkpoints.ts';
import { planCheckpoint, taskManagersOf } from './plan-checkpoint.ts';
import type { CheckpointPlan, Participants } from './plan-checkpoint.ts';
import { refuse } from './refuse-savepoints.ts';

/** One checkpoint serves all that wait for a savepoint; two that want the job to stop differently do not both get it. */
export function takeRequest(draft: CheckpointDraft, request: SavepointRequest): void {
  const { state } = draft;
  const isOver = state.phase === 'closing' || state.phase === 'settled' || state.phase === 'stopped';
  if (isOver || isStopping(state)) {
    refuse(draft, [request], 'The job is stopping, restarting or has ended: no savepoint can be taken now.');
  } else if (state.requests.length >= SAVEPOINT_REQUESTS_MAX) {
    refuse(draft, [request], `${SAVEPOINT_REQUESTS_MAX} savepoint requests wait already.`);
  } else if (state.requests.some((other) => conflicts(other, request))) {
    refuse(draft, [request], 'Another request wants the job to stop in another way.');
  } else {
    draft.change({ requests: [...state.requests, request] });
  }
}

/** Triggers a checkpoint if one is due, or asked for, and may begin. */
export function triggerIfDue(draft: CheckpointDraft): void {
  const { state, context } = draft;
  const { participants } = state;
  if (participants === undefined || !mayTrigger(state)) {
    return;
  }
  if (state.requests.length === 0 && context.now < state.dueAt) {
    return;
  }
  if (context.now < state.dueAt + ENDING_MS && isSomebodyEnding(state, participants)) {
    return;
  }
  const planned = planCheckpoint(participants);
  if (planned.kind === 'planned') {
    trigger(draft, participants, planned.plan);
  } else if (planned.kind === 'all-finished') {
    draft.change({ requests: [] });
    refuse(draft, state.requests, 'The job has read all its input: there is nothing to save.');
  }
}

/**
 * A checkpoint that waits for its commits counts: more of them would only prepare more transactions. None overtakes a savepoint,
 * which would be subsumed by it.
 */
function mayTrigger(state: Checkpoints): boolean {
  const { pending, completing, settings } = state;
  const underWay = pending.size + (completing === undefined ? 0 : 1);
  const hasSavepoint = [...pending.values()].some(({ requests }) => requests.length > 0);
  return (
    state.phase === 'open' &&
    hasId(state.ids) &&
    underWay < settings.concurrentMax &&
    !hasSavepoint &&
    !isStopping(state)
  );
}

/** A report that does not come must not stop checkpoints for ever. */
const ENDING_MS = 5_000;

/**
 * Those whose last state is in the completed checkpoint report their end as soon as they hear of it; what was triggered before
 * would be aborted by that.
 */
function isSomebodyEnding({ completed, identity }: Checkpoints, { vertices }: Participants): boolean {
  if (completed?.metadata.attempt !== identity.attempt) {
    return false;
  }
  const operators = new Map(completed.metadata.operators.map((operator) => [operator.uid, operator]));
  return [...vertices.values()].some(({ operators: [head], subtasks }) =>
    subtasks.some(
      ({ state }, index) =>
        state === 'running' && head !== undefined && operators.get(head.uid)?.subtasks[index]?.isFinished === true,
    ),
  );
}

function trigger(draft: CheckpointDraft, participants: Participants, plan: CheckpointPlan): void {
  const { state, context } = draft;
  const { id: checkpoint, ids } = takeId(state.ids);
  const { requests } = state;
  const stop = requests.find(({ mode }) => mode !== 'go-on')?.mode;
  const final = stop === 'stop' || stop === 'drain' ? stop : undefined;
  const pending: PendingCheckpoint = {
    checkpoint,
    triggeredAt: context.now,
    triggeredAtMs: context.wallMs,
    plan,
    acks: new Map(),
    stages: new Map(),
    requests,
    final,
  };
  draft.change({
    ids,
    pending: new Map(state.pending).set(checkpoint, pending),
    requests: [],
    dueAt: context.now + state.settings.intervalMs,
  });
  for (const to of inTriggerOrder(participants, plan)) {
    draft.send({
      kind: 'trigger',
      to,
      checkpoint,
      triggeredAtMs: context.wallMs,
      subtasks: plan.trigger.get(to) ?? [],
      final,
      completed: state.completed?.checkpoint,
    });
  }
}

function inTriggerOrder(participants: Participants, { trigger: triggered }: CheckpointPlan): readonly TaskManagerId[] {
  return taskManagersOf(participants).filter((taskManager) => triggered.has(taskManager));
}

function conflicts(a: SavepointRequest, b: SavepointRequest): boolean {
  return a.mode !== 'go-on' && b.mode !== 'go-on' && a.mode !== b.mode;
}
