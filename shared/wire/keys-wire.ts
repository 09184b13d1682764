import type { AttemptKey, SubtaskKey } from '../control/messages.ts';
import { parseAttemptNumber, parseJobId, parseSubtaskIndex, parseVertexId } from '../ids.ts';
import { invariant } from '../invariant.ts';

export function attemptToWire({ jobId, attempt }: AttemptKey): { jobId: string; attempt: number } {
  return { jobId, attempt };
}

export function attemptFromWire(wire: { readonly jobId: string; readonly attempt: number }): AttemptKey {
  return { jobId: parseJobId(wire.jobId), attempt: parseAttemptNumber(wire.attempt) };
}

export function subtaskToWire({ vertex, subtask }: SubtaskKey): { vertexId: string; subtask: number } {
  return { vertexId: vertex, subtask };
}

export function subtaskFromWire(wire: { readonly vertexId: string; readonly subtask: number }): SubtaskKey {
  return { vertex: parseVertexId(wire.vertexId), subtask: parseSubtaskIndex(wire.subtask) };
}

/** A part that its message must have; protobuf gives null for a message field that is not set. */
export function present<T>(body: T | null | undefined, what: string): T {
  invariant(body !== null && body !== undefined, `a message says it holds a ${what}, but does not`);
  return body;
}
