import type { Acknowledgement, OperatorSnapshot, SubtaskSnapshot } from '../../shared/control/acknowledgement.ts';
import type { SubtaskKey } from '../../shared/control/messages.ts';
import type { CheckpointId } from '../../shared/ids.ts';

/**
 * The acknowledgements of one attempt on one task manager: assembled from its subtasks' snapshots, and kept.
 *
 * A1  An acknowledgement leaves when every subtask that has not finished has made its snapshot (checkpoint-messages.ts K1).
 * A2  It is kept until its checkpoint is known to be complete or aborted: the message may have been lost with its connection.
 *     After an announcement what is left is told again (K3), until then nothing.
 * A3  Of an aborted checkpoint, and of one up to the highest that is complete, nothing is kept or told.
 * A4  At most `CHECKPOINTS_MAX` are kept; the oldest goes first. It was aborted, and the word of it is lost or late.
 * A5  The age of what is prepared grows by the time for which it was kept here.
 */
export interface HeldAcknowledgements {
  readonly completed: CheckpointId | undefined;
  readonly isAnnounced: boolean;
  readonly kept: ReadonlyMap<CheckpointId, ReadonlyMap<string, KeptSnapshot>>;
}

interface KeptSnapshot {
  readonly snapshot: SubtaskSnapshot;
  /** Monotonic milliseconds at which it came. */
  readonly cameAt: number;
}

export interface AcknowledgementsStep {
  readonly held: HeldAcknowledgements;
  readonly send: readonly Acknowledgement[];
}

const CHECKPOINTS_MAX = 16;

/** `completed`: the checkpoint with which the attempt begins. */
export function noAcknowledgements(completed: CheckpointId | undefined): HeldAcknowledgements {
  return { completed, isAnnounced: true, kept: new Map() };
}

/** `awaited`: every subtask here that has not finished. `now`: monotonic milliseconds. */
export function takeSnapshot(
  held: HeldAcknowledgements,
  checkpoint: CheckpointId,
  { snapshot, awaited, now }: { readonly snapshot: SubtaskSnapshot; readonly awaited: Awaited; readonly now: number },
): AcknowledgementsStep {
  if (held.completed !== undefined && checkpoint <= held.completed) {
    return { held, send: [] };
  }
  const snapshots = new Map(held.kept.get(checkpoint)).set(nameOf(snapshot), { snapshot, cameAt: now });
  const next = { ...held, kept: bounded(new Map(held.kept).set(checkpoint, snapshots)) };
  return { held: next, send: held.isAnnounced ? assembled(next, awaited, now, [checkpoint]) : [] };
}

/** Everything up to it is complete. Cumulative, repeatable. */
export function onCompleted(held: HeldAcknowledgements, checkpoint: CheckpointId | undefined): HeldAcknowledgements {
  if (checkpoint === undefined || (held.completed !== undefined && checkpoint <= held.completed)) {
    return held;
  }
  return { ...held, completed: checkpoint, kept: without(held, (id) => id <= checkpoint) };
}

export function onAborted(held: HeldAcknowledgements, checkpoint: CheckpointId): HeldAcknowledgements {
  return { ...held, kept: without(held, (id) => id === checkpoint) };
}

/** A coordinator is there again, and says where things stand (K3). */
export function onAnnounced(
  held: HeldAcknowledgements,
  announced: {
    readonly completed: CheckpointId | undefined;
    readonly issued: CheckpointId | undefined;
    readonly pending: readonly CheckpointId[];
  },
  { awaited, now }: { readonly awaited: Awaited; readonly now: number },
): AcknowledgementsStep {
  const { issued, pending } = announced;
  const known = onCompleted(held, announced.completed);
  const kept = without(known, (id) => issued !== undefined && id <= issued && !pending.includes(id));
  const next = { ...known, kept, isAnnounced: true };
  return { held: next, send: assembled(next, awaited, now, [...kept.keys()]) };
}

/** A subtask has finished, and is not awaited any more. */
export function onFewerAwaited(held: HeldAcknowledgements, awaited: Awaited, now: number): AcknowledgementsStep {
  return { held, send: held.isAnnounced ? assembled(held, awaited, now, [...held.kept.keys()]) : [] };
}

/** Nobody is there to be told. */
export function onLeaderLost(held: HeldAcknowledgements): HeldAcknowledgements {
  return { ...held, isAnnounced: false };
}

/** The subtasks whose snapshots for a checkpoint are here. */
export function keptSubtasks(held: HeldAcknowledgements, checkpoint: CheckpointId): readonly SubtaskKey[] {
  return [...(held.kept.get(checkpoint)?.values() ?? [])].map(({ snapshot: { vertex, subtask } }) => ({
    vertex,
    subtask,
  }));
}

/** What the newest snapshot of a subtask said of one of its operators. */
export function newestSnapshot(held: HeldAcknowledgements, subtask: SubtaskKey): readonly OperatorSnapshot[] {
  const name = nameOf(subtask);
  const newest = [...held.kept].sort(([a], [b]) => (a < b ? 1 : -1)).find(([, snapshots]) => snapshots.has(name));
  return newest?.[1].get(name)?.snapshot.operators ?? [];
}

/** By name (`nameOf`). */
export type Awaited = ReadonlySet<string>;

export function nameOf({ vertex, subtask }: SubtaskKey): string {
  return `${vertex}#${subtask}`;
}

/** A1 */
function assembled(
  { kept }: HeldAcknowledgements,
  awaited: Awaited,
  now: number,
  checkpoints: readonly CheckpointId[],
): readonly Acknowledgement[] {
  return [...checkpoints]
    .sort((a, b) => (a < b ? -1 : 1))
    .flatMap((checkpoint) => {
      const snapshots = kept.get(checkpoint) ?? new Map<string, KeptSnapshot>();
      if (awaited.size === 0 || [...awaited].some((name) => !snapshots.has(name))) {
        return [];
      }
      const own = [...snapshots].filter(([name]) => awaited.has(name));
      return [{ checkpoint, subtasks: own.map(([, snapshot]) => aged(snapshot, now)) }];
    });
}

/** A5 */
function aged({ snapshot, cameAt }: KeptSnapshot, now: number): SubtaskSnapshot {
  const keptForMs = Math.max(0, now - cameAt);
  return {
    ...snapshot,
    operators: snapshot.operators.map((operator) =>
      operator.committables.length === 0
        ? operator
        : {
            ...operator,
            committables: operator.committables.map((held) => ({ ...held, ageMs: held.ageMs + keptForMs })),
          },
    ),
  };
}

function without({ kept }: HeldAcknowledgements, isMeant: (id: CheckpointId) => boolean): HeldAcknowledgements['kept'] {
  return new Map([...kept].filter(([id]) => !isMeant(id)));
}

/** A4 */
function bounded(kept: Map<CheckpointId, ReadonlyMap<string, KeptSnapshot>>): HeldAcknowledgements['kept'] {
  while (kept.size > CHECKPOINTS_MAX) {
    const [oldest] = [...kept.keys()].sort((a, b) => (a < b ? -1 : 1));
    if (oldest === undefined) {
      break;
    }
    kept.delete(oldest);
  }
  return kept;
}
