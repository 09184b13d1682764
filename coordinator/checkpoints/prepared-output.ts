import type { Committable } from '../../shared/connector/sink.ts';
import type { SinkCommittables, SubtaskKey } from '../../shared/control/messages.ts';
import type { CheckpointId, OperatorUid, TaskManagerId } from '../../shared/ids.ts';
import type { Instant } from '../membership/members.ts';
import type { ReceivedAcknowledgement } from './received-acknowledgement.ts';

/**
 * Output that is prepared and not known to be committed.
 *
 * P1  Known here is what the newest acknowledgement of each task manager said; that one carries all (acknowledgement.ts I2),
 *     and one that leaves out what an earlier one named is a loss in the making: the attempt must not complete with it.
 * P2  The marker of n covers all that was prepared for a checkpoint up to n: an acknowledgement names it as long as its task
 *     manager has not heard of the marker, and its transactional id may be in use again by the time the answer is looked at.
 *     So what is covered is never committed again, whoever names it.
 */
export interface PreparedOutput extends SubtaskKey {
  readonly sink: OperatorUid;
  readonly committable: Committable;
  /** The checkpoint for which it was prepared. */
  readonly preparedFor: CheckpointId;
  readonly bornAt: Instant;
  readonly timeoutMs: number | undefined;
}

export type PreparedOutputs = ReadonlyMap<TaskManagerId, NewestPrepared>;

export interface NewestPrepared {
  readonly checkpoint: CheckpointId;
  readonly outputs: readonly PreparedOutput[];
}

export function outputsOf(ack: ReceivedAcknowledgement, receivedAt: Instant): readonly PreparedOutput[] {
  return ack.subtasks.flatMap(({ vertex, subtask, operators }) =>
    operators.flatMap(({ uid, committables }) =>
      committables.map(({ committable, preparedFor, ageMs, timeoutMs }) => ({
        vertex,
        subtask,
        sink: uid,
        committable,
        preparedFor,
        bornAt: receivedAt - ageMs,
        timeoutMs,
      })),
    ),
  );
}

/** What the marker of `completed` does not cover (P2). */
export function uncovered(
  outputs: readonly PreparedOutput[],
  completed: CheckpointId | undefined,
): readonly PreparedOutput[] {
  return completed === undefined ? outputs : outputs.filter(({ preparedFor }) => preparedFor > completed);
}

export type PreparedTaken =
  | { readonly kind: 'taken'; readonly prepared: PreparedOutputs }
  | { readonly kind: 'missing'; readonly output: PreparedOutput };

/** Acknowledgements of concurrent checkpoints may come in any order: an older one says nothing new, and less. */
export function takePrepared(
  prepared: PreparedOutputs,
  newest: { readonly taskManager: TaskManagerId } & NewestPrepared,
): PreparedTaken {
  const { taskManager, checkpoint, outputs } = newest;
  const before = prepared.get(taskManager);
  if (before !== undefined && before.checkpoint > checkpoint) {
    return { kind: 'taken', prepared };
  }
  const named = new Set(outputs.map(outputName));
  const missing = before?.outputs.find((output) => !named.has(outputName(output)));
  return missing === undefined
    ? { kind: 'taken', prepared: new Map(prepared).set(taskManager, { checkpoint, outputs }) }
    : { kind: 'missing', output: missing };
}

/** Forgets what the marker of `completed` covers (P2). */
export function withoutCovered(prepared: PreparedOutputs, completed: CheckpointId): PreparedOutputs {
  const left = new Map<TaskManagerId, NewestPrepared>();
  for (const [taskManager, { checkpoint, outputs }] of prepared) {
    const open = uncovered(outputs, completed);
    if (open.length > 0) {
      left.set(taskManager, { checkpoint, outputs: open });
    }
  }
  return left;
}

/**
 * Half of its timeout is over: no pointer may be written over it any more, since the commit, by this leader or by the next one,
 * needs the other half (DESIGN §8.5).
 */
export function findTooOld(outputs: Iterable<PreparedOutput>, now: Instant): PreparedOutput | undefined {
  for (const output of outputs) {
    if (output.timeoutMs !== undefined && (now - output.bornAt) * 2 > output.timeoutMs) {
      return output;
    }
  }
  return undefined;
}

/** What is left of the transaction timeout of the output that is the closest to it; undefined: nothing is prepared. */
export function headroomMs(prepared: PreparedOutputs, now: Instant): number | undefined {
  let least: number | undefined;
  for (const { bornAt, timeoutMs } of allOutputs(prepared)) {
    if (timeoutMs !== undefined) {
      const left = timeoutMs - (now - bornAt);
      least = least === undefined ? left : Math.min(least, left);
    }
  }
  return least;
}

export function* allOutputs(prepared: PreparedOutputs): Generator<PreparedOutput> {
  for (const { outputs } of prepared.values()) {
    yield* outputs;
  }
}

/** By sink, as the committers take it. */
export function bySink(outputs: Iterable<PreparedOutput>): readonly SinkCommittables[] {
  const sinks = new Map<OperatorUid, Committable[]>();
  for (const { sink, committable } of outputs) {
    const committables = sinks.get(sink) ?? [];
    committables.push(committable);
    sinks.set(sink, committables);
  }
  return [...sinks].map(([sink, committables]) => ({ sink, committables }));
}

function outputName({ sink, committable }: Pick<PreparedOutput, 'sink' | 'committable'>): string {
  return `${sink} ${committable}`;
}
