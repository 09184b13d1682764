import type { CheckpointMetadataDecoded } from '../../proto/generated/nerve/v1/CheckpointMetadata.ts';
import type { OperatorListDecoded } from '../../proto/generated/nerve/v1/OperatorList.ts';
import type { OperatorStateDecoded } from '../../proto/generated/nerve/v1/OperatorState.ts';
import type { SplitPositionDecoded } from '../../proto/generated/nerve/v1/SplitPosition.ts';
import type { StateEntryInfoDecoded } from '../../proto/generated/nerve/v1/StateEntryInfo.ts';
import type { SubtaskStateDecoded } from '../../proto/generated/nerve/v1/SubtaskState.ts';
import type { SplitSnapshot } from '../connector/source.ts';
import {
  isName,
  parseAttemptNumber,
  parseCheckpointId,
  parseJobId,
  parseLeaderEpoch,
  parseOperatorUid,
  parseSplitId,
} from '../ids.ts';
import { MAX_PARALLELISM_LIMIT } from '../keygroups/key-groups.ts';
import { binaryOf } from './binary.ts';
import { STATE_KINDS } from './checkpoint-metadata.ts';
import type {
  CheckpointMetadata,
  OperatorListSnapshot,
  OperatorMetadata,
  StateDictionaryEntry,
  SubtaskMetadata,
} from './checkpoint-metadata.ts';
import { METADATA_FORMAT } from './format-metadata.ts';
import { decodeMetadata } from './grpc-metadata-codec.ts';
import { parseHandle } from './parse-handle.ts';

export type ParsedMetadata =
  | { readonly kind: 'parsed'; readonly metadata: CheckpointMetadata }
  | { readonly kind: 'malformed'; readonly problems: readonly string[] };

/** Collects problems, each with the place it is about. */
export class Problems {
  readonly found: string[] = [];

  check(holds: boolean, where: string, problem: string): boolean {
    if (!holds) {
      this.found.push(`${where}: ${problem}`);
    }
    return holds;
  }
}

/** `folder`: where the metadata object stands; relative paths are below it. Names every problem, not only the first. */
export function parseMetadata(bytes: Buffer, folder: string): ParsedMetadata {
  const wire = decoded(bytes);
  if (wire === undefined) {
    return { kind: 'malformed', problems: ['the object is no checkpoint metadata: its bytes cannot be decoded'] };
  }
  if (wire.format !== METADATA_FORMAT) {
    const problem = `the metadata has format ${wire.format}, and this version reads format ${METADATA_FORMAT}`;
    return { kind: 'malformed', problems: [problem] };
  }
  const problems = new Problems();
  checkHead(wire, problems);
  const operators = wire.operators.flatMap((operator) => {
    const parsed = parseOperator(operator, wire.kind === 'savepoint', { folder, problems });
    return parsed === undefined ? [] : [parsed];
  });
  const uids = new Set(operators.map(({ uid }) => uid));
  problems.check(uids.size === operators.length, 'operators', 'a uid is there twice');
  if (problems.found.length > 0) {
    return { kind: 'malformed', problems: problems.found };
  }
  return { kind: 'parsed', metadata: headOf(wire, operators) };
}

interface Place {
  readonly folder: string;
  readonly problems: Problems;
}

function decoded(bytes: Buffer): CheckpointMetadataDecoded | undefined {
  try {
    return decodeMetadata(bytes);
  } catch {
    return undefined;
  }
}

function checkHead(wire: CheckpointMetadataDecoded, problems: Problems): void {
  problems.check(isName(wire.jobId), 'job id', `"${wire.jobId}" is no name`);
  problems.check(BigInt(wire.checkpointId) > 0n, 'checkpoint id', 'it is not positive');
  problems.check(
    wire.kind === 'checkpoint' || wire.kind === 'savepoint',
    'kind',
    `"${wire.kind}" is neither checkpoint nor savepoint`,
  );
  problems.check(BigInt(wire.leaderEpoch) > 0n, 'leader epoch', 'it is not positive');
  problems.check(wire.attempt >= 1, 'attempt', 'it is not positive');
  problems.check(wire.lineage !== '', 'lineage', 'it is empty');
}

function headOf(wire: CheckpointMetadataDecoded, operators: readonly OperatorMetadata[]): CheckpointMetadata {
  return {
    jobId: parseJobId(wire.jobId),
    checkpoint: parseCheckpointId(BigInt(wire.checkpointId)),
    kind: wire.kind === 'savepoint' ? 'savepoint' : 'checkpoint',
    leaderEpoch: parseLeaderEpoch(BigInt(wire.leaderEpoch)),
    attempt: parseAttemptNumber(wire.attempt),
    triggeredAtMs: Number(wire.triggeredAtMs),
    completedAtMs: Number(wire.completedAtMs),
    lineage: wire.lineage,
    fingerprint: wire.fingerprint,
    artifact: wire.artifact,
    operators,
  };
}

function parseOperator(wire: OperatorStateDecoded, isSavepoint: boolean, place: Place): OperatorMetadata | undefined {
  const { problems } = place;
  const where = `operator ${wire.uid}`;
  const { parallelism, maxParallelism } = wire;
  const isSound = [
    problems.check(isName(wire.uid), where, 'its uid is no name'),
    problems.check(
      parallelism >= 1 && parallelism <= maxParallelism && maxParallelism <= MAX_PARALLELISM_LIMIT,
      where,
      `parallelism ${parallelism} and max parallelism ${maxParallelism} do not fit together`,
    ),
    problems.check(wire.hashId !== '', where, 'it does not say how keys become key groups'),
    problems.check(
      wire.subtasks.length === parallelism,
      where,
      `it lists ${wire.subtasks.length} of ${parallelism} subtasks`,
    ),
  ];
  const states = parseStates(wire.states, where, problems);
  const subtasks = wire.subtasks.map((subtask, i) => {
    problems.check(
      !isSavepoint || subtask.committables.length === 0,
      `${where}, subtask ${i}`,
      'a savepoint holds committables',
    );
    return parseSubtask(subtask, maxParallelism, `${where}, subtask ${i}`, place);
  });
  if (isSound.includes(false)) {
    return undefined;
  }
  return {
    uid: parseOperatorUid(wire.uid),
    name: wire.name,
    parallelism,
    maxParallelism,
    hashId: wire.hashId,
    states,
    subtasks,
    coordinatorState: wire.coordinatorState === '' ? undefined : wire.coordinatorState,
  };
}

export function parseStates(
  wire: readonly StateEntryInfoDecoded[],
  where: string,
  problems: Problems,
): StateDictionaryEntry[] {
  const ids = new Set(wire.map(({ id }) => id));
  const names = new Set(wire.map(({ name }) => name));
  problems.check(ids.size === wire.length && names.size === ids.size, where, 'a state name or id is there twice');
  return wire.flatMap(({ name, id, kind: kindText, version, serializer }) => {
    const kind = STATE_KINDS.find((known) => known === kindText);
    problems.check(kind !== undefined, `${where}, state ${name}`, `kind "${kindText}" is not known to this version`);
    problems.check(id >= 1 && id <= 0xffff, `${where}, state ${name}`, `id ${id} does not fit in two bytes`);
    return kind === undefined ? [] : [{ name, id, kind, version, serializer }];
  });
}

export function parseLists(
  wire: readonly OperatorListDecoded[],
  where: string,
  problems: Problems,
): OperatorListSnapshot[] {
  return wire.flatMap(({ name, redistribution: text, elements }) => {
    const redistribution = (['split', 'union'] as const).find((known) => known === text);
    problems.check(
      redistribution !== undefined,
      `${where}, list ${name}`,
      `redistribution "${text}" is not known to this version`,
    );
    return redistribution === undefined ? [] : [{ name, redistribution, elements: elements.map(binaryOf) }];
  });
}

export function parseSplits(wire: readonly SplitPositionDecoded[]): SplitSnapshot[] {
  return wire.map(({ id, position, finished }) => ({ id: parseSplitId(id), position, isFinished: finished }));
}

function parseSubtask(wire: SubtaskStateDecoded, maxParallelism: number, where: string, place: Place): SubtaskMetadata {
  const keyed = wire.keyed.flatMap((handle, i) => {
    const ref = parseHandle(handle, `${where}, segment ${i}`, { ...place, maxParallelism });
    return ref === undefined ? [] : [ref];
  });
  return {
    keyed,
    lists: parseLists(wire.lists, where, place.problems),
    splits: parseSplits(wire.splits),
    committables: wire.committables,
    isFinished: wire.finished,
    watermarkMs: wire.hasWatermark ? Number(wire.watermarkMs) : undefined,
  };
}
