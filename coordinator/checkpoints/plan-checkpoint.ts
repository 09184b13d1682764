import type { SubtaskKey } from '../../shared/control/messages.ts';
import { parseSubtaskIndex } from '../../shared/ids.ts';
import type { OperatorUid, TaskManagerId, VertexId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';

/** The subtasks of an attempt as checkpoints see them. Made once per attempt from the job graph and the slots' places. */
export interface Participants {
  readonly vertices: ReadonlyMap<VertexId, ParticipantVertex>;
}

export interface ParticipantVertex {
  readonly inputs: readonly VertexInput[];
  readonly operators: readonly ParticipantOperator[];
  /** By index. */
  readonly subtasks: readonly Participant[];
}

/** `all`: every subtask of that vertex feeds every one of this; `same-index`: subtask i feeds subtask i (a forward edge). */
export interface VertexInput {
  readonly from: VertexId;
  readonly pairs: 'all' | 'same-index';
}

/** What of an operator's metadata the coordinator knows. */
export interface ParticipantOperator {
  readonly uid: OperatorUid;
  readonly name: string;
  readonly maxParallelism: number;
  readonly hashId: string;
}

export interface Participant {
  readonly taskManager: TaskManagerId;
  readonly state: 'starting' | 'running' | 'finished';
}

/** Who is triggered, and who must acknowledge (by task manager: each answers once for all of its subtasks). */
export interface CheckpointPlan {
  readonly trigger: ReadonlyMap<TaskManagerId, readonly SubtaskKey[]>;
  readonly awaited: ReadonlyMap<TaskManagerId, readonly SubtaskKey[]>;
}

export type Planned =
  | { readonly kind: 'planned'; readonly plan: CheckpointPlan }
  /** Some subtask does not run yet. */
  | { readonly kind: 'not-running'; readonly missing: readonly SubtaskKey[] }
  /** Every subtask has finished: there is nothing to snapshot. */
  | { readonly kind: 'all-finished' };

/**
 * Barriers start at the sources, and at every subtask all of whose producers have finished, since no barrier would reach it
 * (FLIP-147, Flink: DefaultCheckpointPlanCalculator).
 */
export function planCheckpoint(participants: Participants): Planned {
  const trigger = new Map<TaskManagerId, SubtaskKey[]>();
  const awaited = new Map<TaskManagerId, SubtaskKey[]>();
  const missing: SubtaskKey[] = [];
  for (const { key, participant } of subtasksOf(participants)) {
    if (participant.state === 'starting') {
      missing.push(key);
    } else if (participant.state === 'running') {
      add(awaited, participant.taskManager, key);
      if (!hasLiveProducer(participants, key)) {
        add(trigger, participant.taskManager, key);
      }
    }
  }
  if (missing.length > 0) {
    return { kind: 'not-running', missing };
  }
  return awaited.size === 0 ? { kind: 'all-finished' } : { kind: 'planned', plan: { trigger, awaited } };
}

export function* subtasksOf({
  vertices,
}: Participants): Generator<{ readonly key: SubtaskKey; readonly participant: Participant }> {
  for (const [vertex, { subtasks }] of vertices) {
    for (const [index, participant] of subtasks.entries()) {
      yield { key: { vertex, subtask: parseSubtaskIndex(index) }, participant };
    }
  }
}

export function taskManagersOf(participants: Participants): readonly TaskManagerId[] {
  return [...new Set([...subtasksOf(participants)].map(({ participant }) => participant.taskManager))];
}

export function withParticipant(
  participants: Participants,
  key: SubtaskKey,
  change: Partial<Participant>,
): Participants {
  const vertex = vertexOf(participants, key.vertex);
  const subtasks = vertex.subtasks.map((old, i) => (i === key.subtask ? { ...old, ...change } : old));
  return { vertices: new Map(participants.vertices).set(key.vertex, { ...vertex, subtasks }) };
}

function hasLiveProducer(participants: Participants, { vertex, subtask }: SubtaskKey): boolean {
  return vertexOf(participants, vertex).inputs.some(({ from, pairs }) => {
    const producers = vertexOf(participants, from).subtasks;
    const feeding = pairs === 'all' ? producers : producers.slice(subtask, subtask + 1);
    return feeding.some(({ state }) => state !== 'finished');
  });
}

function vertexOf({ vertices }: Participants, id: VertexId): ParticipantVertex {
  return required(vertices.get(id), `vertex ${id}`);
}

function add(to: Map<TaskManagerId, SubtaskKey[]>, taskManager: TaskManagerId, key: SubtaskKey): void {
  const keys = to.get(taskManager) ?? [];
  keys.push(key);
  to.set(taskManager, keys);
}
