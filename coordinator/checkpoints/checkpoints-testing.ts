import {
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseLeaderEpoch,
  parseOperatorUid,
  parseSubtaskIndex,
  parseTaskManagerId,
  parseVertexId,
} from '../../shared/ids.ts';
import type { CheckpointId, SubtaskIndex, TaskManagerId, VertexId } from '../../shared/ids.ts';
import type { AgedCommittable, OperatorSnapshot } from '../../shared/control/acknowledgement.ts';
import type { CheckpointStep } from './checkpoint-draft.ts';
import type { CheckpointEvent, CheckpointPersist, CheckpointSend, RecordAnswer } from './checkpoint-events.ts';
import { DEFAULT_CHECKPOINT_SETTINGS } from './checkpoint-settings.ts';
import type { CheckpointSettings } from './checkpoint-settings.ts';
import { checkpointStep } from './checkpoint-step.ts';
import type { CheckpointIdentity, Checkpoints } from './checkpoints.ts';
import { openCheckpoints } from './open-checkpoints.ts';
import type { StoredCheckpoints } from './open-checkpoints.ts';
import type { Participants } from './plan-checkpoint.ts';
import type { ReceivedAcknowledgement } from './received-acknowledgement.ts';

export const A = parseTaskManagerId('tm-a');
export const B = parseTaskManagerId('tm-b');
export const SOURCE = parseVertexId('source');
export const SINK = parseVertexId('sink');
export const SOURCE_UID = parseOperatorUid('source');
export const SINK_UID = parseOperatorUid('sink');

export const IDENTITY: CheckpointIdentity = {
  jobId: parseJobId('job'),
  attempt: parseAttemptNumber(3),
  leaderEpoch: parseLeaderEpoch(7n),
  attemptRevision: 70n,
  lineage: 'lineage',
  fingerprint: 'fingerprint',
  artifact: 'artifact',
};

export const NOTHING_STORED: StoredCheckpoints = {
  reservedTo: 0n,
  pointer: undefined,
  marker: undefined,
  revisions: { ids: 0n, pointer: 0n, marker: 0n },
};

export function id(value: number): CheckpointId {
  return parseCheckpointId(BigInt(value));
}

export function subtask(vertex: VertexId, index: number): { vertex: VertexId; subtask: SubtaskIndex } {
  return { vertex, subtask: parseSubtaskIndex(index) };
}

/** Two sources that feed two sinks; subtask 0 of each on A, subtask 1 on B. */
export function twoByTwo(): Participants {
  const subtasks = [A, B].map((taskManager) => ({ taskManager, state: 'running' as const }));
  const operator = (
    uid: typeof SINK_UID,
  ): { uid: typeof SINK_UID; name: string; maxParallelism: number; hashId: string } => ({
    uid,
    name: uid,
    maxParallelism: 128,
    hashId: 'hash',
  });
  return {
    vertices: new Map([
      [SOURCE, { inputs: [], operators: [operator(SOURCE_UID)], subtasks }],
      [SINK, { inputs: [{ from: SOURCE, pairs: 'all' as const }], operators: [operator(SINK_UID)], subtasks }],
    ]),
  };
}

export function snapshot(uid: typeof SINK_UID, change: Partial<OperatorSnapshot> = {}): OperatorSnapshot {
  return {
    uid,
    states: [],
    keyed: { kind: 'whole', segments: [] },
    lists: [],
    splits: [],
    committables: [],
    isFinished: false,
    watermarkMs: undefined,
    ...change,
  };
}

export function prepared(committable: string, preparedFor: number, ageMs = 0): AgedCommittable {
  return { committable, preparedFor: id(preparedFor), ageMs, timeoutMs: 10_000 };
}

/** Drives the step, answers nothing by itself, and remembers what it was asked for. */
export class CheckpointBench {
  now = 1_000;
  state: Checkpoints;
  persisted: CheckpointPersist[] = [];
  sent: CheckpointSend[] = [];
  #revision = 100n;

  constructor(settings: Partial<CheckpointSettings> = {}, stored: StoredCheckpoints = NOTHING_STORED) {
    const all = { ...DEFAULT_CHECKPOINT_SETTINGS, ...settings };
    const step = openCheckpoints(IDENTITY, all, stored, { now: this.now, wallMs: 1_000_000 + this.now });
    this.state = step.state;
    this.#take(step);
  }

  /** A job that runs, with ids reserved, whose first checkpoint has been triggered. */
  static running(settings: Partial<CheckpointSettings> = {}): CheckpointBench {
    const bench = new CheckpointBench(settings);
    bench.step({ kind: 'started', participants: twoByTwo() });
    bench.answer('ids');
    return bench;
  }

  step(event: CheckpointEvent): this {
    this.#take(checkpointStep(this.state, event, { now: this.now, wallMs: 1_000_000 + this.now }));
    return this;
  }

  tick(afterMs: number): this {
    this.now += afterMs;
    return this.step({ kind: 'tick' });
  }

  answer(
    record: 'ids' | 'pointer' | 'marker' | 'terminal',
    answer: 'done' | 'ambiguous' | 'fenced' | 'refused' = 'done',
  ): this {
    this.#revision += 1n;
    const answers: Readonly<Record<typeof answer, RecordAnswer>> = {
      done: { kind: 'done', revision: this.#revision },
      ambiguous: { kind: 'ambiguous' },
      fenced: { kind: 'fenced' },
      refused: { kind: 'refused', failure: { code: 'no-space', reaction: 'retry', message: 'no space' } },
    };
    return this.step({ kind: 'record-answered', record, answer: answers[answer] });
  }

  created(checkpoint: number): this {
    return this.step({ kind: 'object-answered', checkpoint: id(checkpoint), answer: { kind: 'created' } });
  }

  /** The task manager's acknowledgement, with what its sink has prepared. */
  ack(taskManager: TaskManagerId, checkpoint: number, sink: Partial<OperatorSnapshot> = {}): this {
    return this.step({ kind: 'acknowledged', ack: ackOf(taskManager, checkpoint, sink) });
  }

  ackAll(checkpoint: number, committables: readonly AgedCommittable[] = []): this {
    return this.ack(A, checkpoint, { committables }).ack(B, checkpoint);
  }

  /** Everything from the acknowledgements to the end. */
  complete(checkpoint: number, committables: readonly AgedCommittable[] = []): this {
    this.ackAll(checkpoint, committables).created(checkpoint).answer('pointer');
    if (this.state.completing?.stage.kind === 'commits') {
      this.step({ kind: 'committed', checkpoint: id(checkpoint) });
    }
    return this.answer('marker');
  }

  /** What was asked for and sent since the last call, in short words. */
  news(): string[] {
    const persisted = this.persisted.map((effect) =>
      effect.kind === 'put-object' ? `put ${effect.metadata.checkpoint}` : `write ${effect.record.kind}`,
    );
    const sent = this.sent.map((send) => ('checkpoint' in send ? `${send.kind} ${send.checkpoint}` : send.kind));
    this.forget();
    return [...persisted, ...new Set(sent)];
  }

  forget(): this {
    this.persisted = [];
    this.sent = [];
    return this;
  }

  sentOf<K extends CheckpointSend['kind']>(kind: K): Extract<CheckpointSend, { kind: K }>[] {
    return this.sent.filter((send): send is Extract<CheckpointSend, { kind: K }> => send.kind === kind);
  }

  sentence(): string | undefined {
    return this.sentOf('failed').at(-1)?.sentence;
  }

  #take({ state, persist, send }: CheckpointStep): void {
    this.state = state;
    this.persisted.push(...persist);
    this.sent.push(...send);
  }
}

export function ackOf(
  taskManager: TaskManagerId,
  checkpoint: number,
  sink: Partial<OperatorSnapshot> = {},
): ReceivedAcknowledgement {
  const index = taskManager === A ? 0 : 1;
  return {
    checkpoint: id(checkpoint),
    taskManager,
    subtasks: [
      { ...subtask(SOURCE, index), operators: [snapshot(SOURCE_UID)] },
      { ...subtask(SINK, index), operators: [snapshot(SINK_UID, sink)] },
    ],
  };
}
