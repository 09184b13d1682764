import type {
  CheckpointMetadata,
  OperatorMetadata,
  SubtaskMetadata,
} from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { StateDictionaryEntry } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { OperatorUid, SplitId, VertexId } from '../../shared/ids.ts';
import type { OperatorSnapshot } from '../../shared/control/acknowledgement.ts';
import { subtaskName } from './abort-reason.ts';
import type { CheckpointContext, Checkpoints, PendingCheckpoint } from './checkpoints.ts';
import { formatKnownSplits } from './known-splits-wire.ts';
import type { ParticipantOperator, ParticipantVertex, Participants } from './plan-checkpoint.ts';
import { resolveKeyed } from './resolve-keyed.ts';

export type BuiltMetadata =
  | { readonly kind: 'built'; readonly metadata: CheckpointMetadata }
  | { readonly kind: 'unusable'; readonly problem: string };

/** The metadata of a checkpoint that everyone has acknowledged. A subtask that had finished before stays as it was last stored. */
export function buildMetadata(
  state: Checkpoints,
  participants: Participants,
  pending: PendingCheckpoint,
  context: CheckpointContext,
): BuiltMetadata {
  const building = new Building(state, pending, context);
  const operators = [...participants.vertices].flatMap(([vertexId, vertex]) =>
    vertex.operators.map((operator) => building.operator(vertexId, vertex, operator)),
  );
  const [problem] = building.problems;
  if (problem !== undefined) {
    return { kind: 'unusable', problem };
  }
  const { jobId, leaderEpoch, attempt, lineage, fingerprint, artifact } = state.identity;
  const { checkpoint, triggeredAtMs } = pending;
  return {
    kind: 'built',
    metadata: {
      jobId,
      checkpoint,
      kind: 'checkpoint',
      leaderEpoch,
      attempt,
      triggeredAtMs,
      completedAtMs: context.wallMs,
      lineage,
      fingerprint,
      artifact,
      operators,
    },
  };
}

class Building {
  readonly problems: string[] = [];
  readonly #state: Checkpoints;
  readonly #context: CheckpointContext;
  /** By subtask and operator. */
  readonly #snapshots = new Map<string, OperatorSnapshot>();

  constructor(state: Checkpoints, { acks }: PendingCheckpoint, context: CheckpointContext) {
    this.#state = state;
    this.#context = context;
    for (const { ack } of acks.values()) {
      for (const subtask of ack.subtasks) {
        for (const operator of subtask.operators) {
          this.#snapshots.set(snapshotName(subtaskName(subtask), operator.uid), operator);
        }
      }
    }
  }

  operator(vertexId: VertexId, vertex: ParticipantVertex, operator: ParticipantOperator): OperatorMetadata {
    const { uid, name, maxParallelism, hashId } = operator;
    const states = new Map<string, StateDictionaryEntry>();
    const parallelism = vertex.subtasks.length;
    const subtasks = vertex.subtasks.map(({ state }, index): SubtaskMetadata => {
      const who = `${vertexId}#${index}`;
      const snapshot = this.#snapshots.get(snapshotName(who, uid));
      if (snapshot !== undefined) {
        snapshot.states.forEach((entry) => states.set(entry.name, entry));
        return this.#subtask(snapshot, who, index);
      }
      if (state !== 'finished') {
        this.problems.push(`${who} does not describe operator ${uid}`);
      }
      return this.#finished(uid, index, parallelism);
    });
    this.#operatorBefore(uid)?.states.forEach((entry) => states.has(entry.name) || states.set(entry.name, entry));
    return {
      uid,
      name,
      parallelism,
      maxParallelism,
      hashId,
      states: [...states.values()],
      subtasks,
      coordinatorState: this.#coordinatorState(vertexId, uid, subtasks),
    };
  }

  /** A source is the head of its vertex, which is named after it. */
  #coordinatorState(vertex: VertexId, uid: string, subtasks: readonly SubtaskMetadata[]): string | undefined {
    const known = this.#context.sources?.get(vertex);
    if (known === undefined || uid !== vertex) {
      return undefined;
    }
    return formatKnownSplits({ ...known, finished: withFinished(known.finished, subtasks) });
  }

  #subtask(snapshot: OperatorSnapshot, who: string, index: number): SubtaskMetadata {
    const { completed, identity } = this.#state;
    const before = this.#operatorBefore(snapshot.uid)?.subtasks[index];
    const base =
      completed === undefined || before === undefined || completed.metadata.attempt !== identity.attempt
        ? undefined
        : { checkpoint: completed.checkpoint, segments: before.keyed };
    const keyed = resolveKeyed(snapshot.keyed, base);
    if (keyed.kind === 'unusable') {
      this.problems.push(`${who} ${keyed.problem}`);
    }
    return {
      keyed: keyed.kind === 'resolved' ? keyed.segments : [],
      lists: snapshot.lists,
      splits: snapshot.splits,
      committables: snapshot.committables
        .filter(({ preparedFor }) => completed === undefined || preparedFor > completed.checkpoint)
        .map(({ committable }) => committable),
      isFinished: snapshot.isFinished,
      watermarkMs: snapshot.watermarkMs,
    };
  }

  /** It finished with a checkpoint that completed: its output is committed, its state is what was stored then. */
  #finished(uid: OperatorUid, index: number, parallelism: number): SubtaskMetadata {
    const operator = this.#operatorBefore(uid);
    const before = operator?.parallelism === parallelism ? operator.subtasks[index] : undefined;
    const nothing = { keyed: [], lists: [], splits: [], watermarkMs: undefined };
    return { ...(before ?? nothing), committables: [], isFinished: true };
  }

  #operatorBefore(uid: OperatorUid): OperatorMetadata | undefined {
    return this.#state.completed?.metadata.operators.find((operator) => operator.uid === uid);
  }
}

function snapshotName(subtask: string, uid: string): string {
  return `${subtask} ${uid}`;
}

/** The finished splits, with those that the subtasks describe as finished. The same set when there are none. */
export function withFinished(
  finished: ReadonlySet<SplitId>,
  subtasks: readonly Pick<SubtaskMetadata, 'splits'>[],
): ReadonlySet<SplitId> {
  const added = subtasks.flatMap(({ splits }) =>
    splits.filter(({ id, isFinished }) => isFinished && !finished.has(id)).map(({ id }) => id),
  );
  return added.length === 0 ? finished : new Set([...finished, ...added]);
}
