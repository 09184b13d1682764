import { invariant } from './invariant.ts';

/**
 * The names of things, as types that cannot be mixed up. An id is made only by its `parse…` or `next…` function.
 *
 *   LeaderEpoch    fences coordinators   (etcd create_revision of the leader key; 1, 2, … in process)
 *   AttemptNumber  fences tasks          (one per deployment of a job)
 *   CheckpointId   orders snapshots of one job
 *   Incarnation    tells a restarted task manager from its earlier self
 */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

export type JobId = Brand<string, 'JobId'>;
export type OperatorUid = Brand<string, 'OperatorUid'>;
export type VertexId = Brand<string, 'VertexId'>;
export type TaskManagerId = Brand<string, 'TaskManagerId'>;
export type SplitId = Brand<string, 'SplitId'>;
export type Incarnation = Brand<string, 'Incarnation'>;
export type ArtifactHash = Brand<string, 'ArtifactHash'>;
export type AttemptNumber = Brand<number, 'AttemptNumber'>;
export type SubtaskIndex = Brand<number, 'SubtaskIndex'>;
export type SlotIndex = Brand<number, 'SlotIndex'>;
export type KeyGroup = Brand<number, 'KeyGroup'>;
export type LeaderEpoch = Brand<bigint, 'LeaderEpoch'>;
/** Orders the checkpoints of one job. Never reused, also not after an abort. */
export type CheckpointId = Brand<bigint, 'CheckpointId'>;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** True for 1 to 128 letters, digits, dots, underscores and hyphens that begin with a letter or digit. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

function parseName(text: string, what: string): string {
  invariant(isName(text), `${what} must be 1 to 128 of [A-Za-z0-9._-] and begin with a letter or digit, got "${text}"`);
  return text;
}

function parseIndex(value: number, what: string): number {
  invariant(Number.isInteger(value) && value >= 0, `${what} must be a whole number from 0, got ${value}`);
  return value;
}

export function parseJobId(text: string): JobId {
  return parseName(text, 'job id') as JobId;
}

export function parseOperatorUid(text: string): OperatorUid {
  return parseName(text, 'operator uid') as OperatorUid;
}

/** A vertex is named after the uid of its first operator. */
export function parseVertexId(text: string): VertexId {
  return parseName(text, 'vertex id') as VertexId;
}

export function parseTaskManagerId(text: string): TaskManagerId {
  return parseName(text, 'task manager id') as TaskManagerId;
}

/** A split's id is free text of its connector (a Kafka partition, a file path). */
export function parseSplitId(text: string): SplitId {
  invariant(text.length > 0, 'a split id must not be empty');
  return text as SplitId;
}

export function parseIncarnation(text: string): Incarnation {
  return parseName(text, 'incarnation') as Incarnation;
}

export function parseArtifactHash(text: string): ArtifactHash {
  invariant(/^[0-9a-f]{64}$/.test(text), `an artifact is named by its sha256 in hex, got "${text}"`);
  return text as ArtifactHash;
}

export function parseAttemptNumber(value: number): AttemptNumber {
  invariant(Number.isInteger(value) && value >= 1, `attempt number must be a whole number from 1, got ${value}`);
  return value as AttemptNumber;
}

export function nextAttempt(attempt: AttemptNumber): AttemptNumber {
  return parseAttemptNumber(attempt + 1);
}

export function parseSubtaskIndex(value: number): SubtaskIndex {
  return parseIndex(value, 'subtask index') as SubtaskIndex;
}

export function parseSlotIndex(value: number): SlotIndex {
  return parseIndex(value, 'slot index') as SlotIndex;
}

export function parseKeyGroup(value: number): KeyGroup {
  return parseIndex(value, 'key group') as KeyGroup;
}

export function parseLeaderEpoch(value: bigint): LeaderEpoch {
  invariant(value > 0n, `leader epoch must be positive, got ${value}`);
  return value as LeaderEpoch;
}

export function parseCheckpointId(value: bigint): CheckpointId {
  invariant(value > 0n, `checkpoint id must be positive, got ${value}`);
  return value as CheckpointId;
}
