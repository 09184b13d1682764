import type { OperatorSnapshot, SubtaskSnapshot } from '../../shared/control/acknowledgement.ts';
import type { SplitSnapshot } from '../../shared/connector/source.ts';
import type { PreparedOutput } from '../../shared/connector/sink.ts';
import type { SubtaskKey } from '../../shared/control/messages.ts';
import { parseOperatorUid } from '../../shared/ids.ts';
import type { CheckpointId, OperatorUid } from '../../shared/ids.ts';
import type { Chain } from '../operators/chain.ts';
import type { CapturedState, Capture } from '../operators/operator.ts';
import { placed } from '../operators/operator-scope.ts';
import type { HeldCommittables } from './held-committables.ts';

/** The synchronous part of a subtask's snapshot: everything of it is of one moment, between two records. */
export interface FrozenSubtask {
  readonly checkpoint: CheckpointId;
  /** In the order of the chain; undefined for operators without state. */
  readonly captures: readonly (Capture | undefined)[];
  readonly splits: readonly SplitSnapshot[];
  /** Begun, not awaited; by sink. */
  readonly prepared: readonly Promise<PreparedBySink>[];
  /** It has read all its input and emitted everything. */
  readonly isFinished: boolean;
}

export interface PreparedBySink {
  readonly sink: OperatorUid;
  readonly outputs: readonly PreparedOutput[];
}

/**
 * Freezes the operators of a chain, reads the source's position and lets the sinks begin to flush, all in this turn of the loop.
 * @throws StreamError that names the operator
 */
export function freezeChain(
  chain: Chain,
  { checkpoint, isFinished }: { readonly checkpoint: CheckpointId; readonly isFinished: boolean },
  signal: AbortSignal,
): FrozenSubtask {
  const { source } = chain;
  const captures = chain.operators.map((operator) => at(operator, () => operator.capture?.(checkpoint)));
  const splits = source === undefined ? [] : at(source, () => source.reader.snapshot());
  const prepared = chain.sinks.map(async (sink) => ({
    sink: parseOperatorUid(sink.scope.uid),
    outputs: await sink.prepareCommit(checkpoint, signal),
  }));
  return { checkpoint, captures, splits, prepared, isFinished };
}

/** Writes what was captured; in the order of the chain, one operator after the other. */
export async function writeCaptures(
  { captures }: FrozenSubtask,
  signal: AbortSignal,
): Promise<readonly (CapturedState | undefined)[]> {
  const written: (CapturedState | undefined)[] = [];
  for (const capture of captures) {
    signal.throwIfAborted();
    written.push(await capture?.write(signal));
  }
  return written;
}

/** What the subtask says of the checkpoint. `now`: monotonic. */
export function describeSubtask(options: {
  readonly key: SubtaskKey;
  readonly chain: Chain;
  readonly frozen: FrozenSubtask;
  readonly written: readonly (CapturedState | undefined)[];
  readonly held: HeldCommittables;
  readonly now: number;
}): SubtaskSnapshot {
  const { key, chain, frozen, written, held, now } = options;
  return {
    vertex: key.vertex,
    subtask: key.subtask,
    operators: chain.operators.map((operator, place): OperatorSnapshot => {
      const uid = parseOperatorUid(operator.scope.uid);
      const state = written[place] ?? NO_STATE;
      return {
        uid,
        ...state,
        splits: operator === chain.source ? frozen.splits : [],
        committables: held.upTo(frozen.checkpoint, uid, now),
        isFinished: frozen.isFinished,
        watermarkMs: undefined,
      };
    }),
  };
}

const NO_STATE: CapturedState = { states: [], keyed: { kind: 'whole', segments: [] }, lists: [] };

function at<T>({ scope }: Chain['head'], work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw placed(error, scope);
  }
}
