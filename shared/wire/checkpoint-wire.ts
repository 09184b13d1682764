import type {
  AnnounceCheckpoints,
  AnnounceCheckpointsDecoded,
} from '../../proto/generated/nerve/v1/AnnounceCheckpoints.ts';
import type {
  CheckpointProgress,
  CheckpointProgressDecoded,
} from '../../proto/generated/nerve/v1/CheckpointProgress.ts';
import type { DeclineCheckpoint, DeclineCheckpointDecoded } from '../../proto/generated/nerve/v1/DeclineCheckpoint.ts';
import type { SubtaskStageDecoded } from '../../proto/generated/nerve/v1/SubtaskStage.ts';
import type { TriggerCheckpoint, TriggerCheckpointDecoded } from '../../proto/generated/nerve/v1/TriggerCheckpoint.ts';
import type { CheckpointCommand, CheckpointReport, SnapshotStage } from '../control/checkpoint-messages.ts';
import type { AttemptKey } from '../control/messages.ts';
import { parseCheckpointId } from '../ids.ts';
import type { CheckpointId } from '../ids.ts';
import { invariant } from '../invariant.ts';
import { attemptFromWire, attemptToWire, present, subtaskFromWire, subtaskToWire } from './keys-wire.ts';

type Command<K extends CheckpointCommand['kind']> = Extract<CheckpointCommand, { kind: K }>;
type Report<K extends CheckpointReport['kind']> = Extract<CheckpointReport, { kind: K }>;

export function checkpointKeyToWire(key: AttemptKey & { readonly checkpoint: CheckpointId }): {
  jobId: string;
  attempt: number;
  checkpointId: string;
} {
  return { ...attemptToWire(key), checkpointId: String(key.checkpoint) };
}

export function checkpointKeyFromWire(wire: {
  readonly jobId: string;
  readonly attempt: number;
  readonly checkpointId: string;
}): AttemptKey & { readonly checkpoint: CheckpointId } {
  return { ...attemptFromWire(wire), checkpoint: parseCheckpointId(BigInt(wire.checkpointId)) };
}

export function triggerToWire(command: Command<'trigger-checkpoint'>): TriggerCheckpoint {
  return {
    ...checkpointKeyToWire(command),
    triggeredAtMs: String(Math.round(command.triggeredAtMs)),
    subtasks: command.subtasks.map(subtaskToWire),
    final: command.final ?? '',
    completed: idToWire(command.completed),
  };
}

export function triggerFromWire(wire: TriggerCheckpointDecoded): Command<'trigger-checkpoint'> {
  const { final } = wire;
  invariant(final === '' || final === 'stop' || final === 'drain', `a trigger is final as "${final}"`);
  return {
    kind: 'trigger-checkpoint',
    ...checkpointKeyFromWire(wire),
    triggeredAtMs: Number(wire.triggeredAtMs),
    subtasks: wire.subtasks.map(subtaskFromWire),
    final: final === '' ? undefined : final,
    completed: idFromWire(wire.completed),
  };
}

export function announceToWire(command: Command<'announce-checkpoints'>): AnnounceCheckpoints {
  return {
    ...attemptToWire(command),
    completed: idToWire(command.completed),
    issued: idToWire(command.issued),
    pending: command.pending.map(String),
  };
}

export function announceFromWire(wire: AnnounceCheckpointsDecoded): Command<'announce-checkpoints'> {
  return {
    kind: 'announce-checkpoints',
    ...attemptFromWire(wire),
    completed: idFromWire(wire.completed),
    issued: idFromWire(wire.issued),
    pending: wire.pending.map((id) => parseCheckpointId(BigInt(id))),
  };
}

export function declineToWire(report: Report<'decline-checkpoint'>): DeclineCheckpoint {
  const { subtask, cause, detail } = report;
  return { ...checkpointKeyToWire(report), subtask: subtaskToWire(subtask), cause, detail };
}

export function declineFromWire(wire: DeclineCheckpointDecoded): Report<'decline-checkpoint'> {
  const { cause, detail } = wire;
  invariant(cause === 'failed' || cause === 'cancelled', `a checkpoint is declined as "${cause}"`);
  const subtask = subtaskFromWire(present(wire.subtask, 'subtask'));
  return { kind: 'decline-checkpoint', ...checkpointKeyFromWire(wire), subtask, cause, detail };
}

export function progressToWire(report: Report<'checkpoint-progress'>): CheckpointProgress {
  return {
    ...checkpointKeyToWire(report),
    stages: report.stages.map(({ subtask, stage }) => ({
      subtask: subtaskToWire(subtask),
      stage: stage.kind,
      barriersFrom: stage.kind === 'waiting-for-barriers' ? [...stage.from] : [],
    })),
  };
}

export function progressFromWire(wire: CheckpointProgressDecoded): Report<'checkpoint-progress'> {
  return {
    kind: 'checkpoint-progress',
    ...checkpointKeyFromWire(wire),
    stages: wire.stages.map((stage) => ({
      subtask: subtaskFromWire(present(stage.subtask, 'subtask')),
      stage: stageFromWire(stage),
    })),
  };
}

function stageFromWire({ stage, barriersFrom }: SubtaskStageDecoded): SnapshotStage {
  switch (stage) {
    case 'waiting-for-barriers':
      return { kind: stage, from: barriersFrom };
    case 'waiting-for-operator':
    case 'flushing-sink':
    case 'writing-state':
    case 'done':
      return { kind: stage };
    default:
      invariant(false, `unknown stage "${stage}" of a checkpoint`);
  }
}

/** Protobuf has no absent number: 0 is no id. */
export function idToWire(id: CheckpointId | undefined): string {
  return id === undefined ? '0' : String(id);
}

export function idFromWire(wire: string): CheckpointId | undefined {
  return wire === '0' ? undefined : parseCheckpointId(BigInt(wire));
}
