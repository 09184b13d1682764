import type {
  AcknowledgeCheckpoint,
  AcknowledgeCheckpointDecoded,
} from '../../proto/generated/nerve/v1/AcknowledgeCheckpoint.ts';
import type { KeyedSnapshot, KeyedSnapshotDecoded } from '../../proto/generated/nerve/v1/KeyedSnapshot.ts';
import type {
  OperatorSnapshot as WireOperator,
  OperatorSnapshotDecoded,
} from '../../proto/generated/nerve/v1/OperatorSnapshot.ts';
import { handleToWire, listsToWire, splitsToWire } from '../checkpoint/format-metadata.ts';
import { parseHandle } from '../checkpoint/parse-handle.ts';
import { parseLists, parseSplits, parseStates, Problems } from '../checkpoint/parse-metadata.ts';
import type { Acknowledgement, KeyedDescription, OperatorSnapshot } from '../control/acknowledgement.ts';
import type { AttemptKey } from '../control/messages.ts';
import { parseCheckpointId, parseOperatorUid } from '../ids.ts';
import { invariant } from '../invariant.ts';
import { MAX_PARALLELISM_LIMIT } from '../keygroups/key-groups.ts';
import { attemptFromWire, attemptToWire, present, subtaskFromWire, subtaskToWire } from './keys-wire.ts';

/** Objects are named by their full key: an acknowledgement has no folder. */
const NO_FOLDER = '';

export function acknowledgementToWire(
  key: AttemptKey,
  { checkpoint, subtasks }: Acknowledgement,
): AcknowledgeCheckpoint {
  return {
    ...attemptToWire(key),
    checkpointId: String(checkpoint),
    subtasks: subtasks.map((subtask) => ({
      ...subtaskToWire(subtask),
      operators: subtask.operators.map(operatorToWire),
    })),
  };
}

/** Throws InvariantViolation with every problem found. */
export function acknowledgementFromWire(
  wire: AcknowledgeCheckpointDecoded,
): AttemptKey & { readonly ack: Acknowledgement } {
  const problems = new Problems();
  const subtasks = wire.subtasks.map((subtask) => ({
    ...subtaskFromWire(subtask),
    operators: subtask.operators.map((operator) => operatorFromWire(operator, problems)),
  }));
  invariant(problems.found.length === 0, `an acknowledgement is malformed: ${problems.found.join('; ')}`);
  return { ...attemptFromWire(wire), ack: { checkpoint: parseCheckpointId(BigInt(wire.checkpointId)), subtasks } };
}

function operatorToWire(operator: OperatorSnapshot): WireOperator {
  const { uid, states, keyed, lists, splits, committables, isFinished, watermarkMs } = operator;
  return {
    uid,
    states: states.map((state) => ({ ...state })),
    keyed: keyedToWire(keyed),
    lists: listsToWire(lists),
    splits: splitsToWire(splits),
    committables: committables.map(({ committable, preparedFor, ageMs, timeoutMs }) => ({
      committable,
      preparedFor: String(preparedFor),
      ageMs: Math.round(ageMs),
      timeoutMs: timeoutMs ?? 0,
    })),
    finished: isFinished,
    watermarkMs: watermarkMs ?? 0,
    hasWatermark: watermarkMs !== undefined,
  };
}

function operatorFromWire(wire: OperatorSnapshotDecoded, problems: Problems): OperatorSnapshot {
  const where = `operator ${wire.uid}`;
  return {
    uid: parseOperatorUid(wire.uid),
    states: parseStates(wire.states, where, problems),
    keyed: keyedFromWire(present(wire.keyed, 'keyed state'), where, problems),
    lists: parseLists(wire.lists, where, problems),
    splits: parseSplits(wire.splits),
    committables: wire.committables.map(({ committable, preparedFor, ageMs, timeoutMs }) => ({
      committable,
      preparedFor: parseCheckpointId(BigInt(preparedFor)),
      ageMs: Number(ageMs),
      timeoutMs: Number(timeoutMs) === 0 ? undefined : Number(timeoutMs),
    })),
    isFinished: wire.finished,
    watermarkMs: wire.hasWatermark ? Number(wire.watermarkMs) : undefined,
  };
}

function keyedToWire(keyed: KeyedDescription): KeyedSnapshot {
  return keyed.kind === 'whole'
    ? { since: '0', kept: [], added: keyed.segments.map((ref) => handleToWire(ref, NO_FOLDER)) }
    : {
        since: String(keyed.checkpoint),
        kept: [...keyed.kept],
        added: keyed.added.map((ref) => handleToWire(ref, NO_FOLDER)),
      };
}

function keyedFromWire(wire: KeyedSnapshotDecoded, where: string, problems: Problems): KeyedDescription {
  const refs = wire.added.flatMap((handle, i) => {
    const ref = parseHandle(handle, `${where}, segment ${i}`, {
      folder: NO_FOLDER,
      problems,
      maxParallelism: MAX_PARALLELISM_LIMIT,
    });
    return ref === undefined ? [] : [ref];
  });
  const since = BigInt(wire.since);
  return since === 0n
    ? { kind: 'whole', segments: refs }
    : { kind: 'since', checkpoint: parseCheckpointId(since), kept: wire.kept, added: refs };
}
