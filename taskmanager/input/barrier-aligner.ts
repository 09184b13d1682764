import type { CheckpointId } from '../../shared/ids.ts';
import { invariant } from '../../shared/invariant.ts';

/**
 * Alignment of the barriers of one subtask's channels (Flink: SingleCheckpointBarrierHandler with aligned states only; the
 * Chandy–Lamport cut), as a pure step machine. The producer stops behind its barrier by itself (exchange/send-window.ts I3), so
 * nothing is spilled and nothing queues here.
 *
 * I1  `snapshot` for n comes when every channel has delivered n's barrier or has ended, and before the first `resume` of those
 *     barriers: no record behind a barrier is processed before the snapshot, and none before a barrier after it.
 * I2  For each barrier that is handed in, exactly one `resume` of its channel comes out, at once or later.
 * I3  Ids are decided in ascending order, each once: snapshot or cancel. What arrives of an id that is decided is obsolete.
 * I4  A cancelled checkpoint is told downstream (`cancel`, once), else consumers would wait for a barrier that never comes.
 * I5  At most one checkpoint is being aligned. A barrier with a higher id ends the one before: its missing barriers were
 *     replaced by it and will not come.
 * I6  Without a leader nothing is aligned: the barrier that is missing may belong to a source that never heard of it, and its
 *     producers would stand still until a leader comes back. Processing goes on instead (DESIGN §7).
 */
export interface Aligner {
  readonly channelCount: number;
  readonly ended: ReadonlySet<number>;
  readonly alignment: Alignment | undefined;
  /** The highest id that was decided or is being aligned; 0: none. */
  readonly current: CheckpointId | 0n;
  /** Ids above `current` of which the coordinator said that they were aborted. Few: an id leaves when it is passed. */
  readonly aborted: ReadonlySet<CheckpointId>;
  readonly hasLeader: boolean;
}

export interface Alignment {
  readonly checkpoint: CheckpointId;
  readonly triggeredAtMs: number;
  /** Monotonic milliseconds at the first barrier. */
  readonly startedAt: number;
  /** Channels that stand behind their barrier. */
  readonly aligned: ReadonlySet<number>;
}

/** Why a subtask gave a checkpoint up. */
export type CancelReason = 'superseded' | 'cancelled-upstream' | 'aborted-by-coordinator' | 'leader-lost';

export type AlignerEvent =
  | {
      readonly kind: 'barrier';
      readonly channel: number;
      readonly checkpoint: CheckpointId;
      readonly triggeredAtMs: number;
    }
  | { readonly kind: 'cancel-marker'; readonly checkpoint: CheckpointId }
  | { readonly kind: 'end-of-input'; readonly channel: number }
  /** From the coordinator, when all that this subtask reads from has finished: no barrier can come (FLIP-147). */
  | { readonly kind: 'trigger'; readonly checkpoint: CheckpointId; readonly triggeredAtMs: number }
  /** From the coordinator: this one will not complete. */
  | { readonly kind: 'abort'; readonly checkpoint: CheckpointId }
  /** From a leader that adopts the attempt: of the ids up to `upTo` none will complete any more. */
  | { readonly kind: 'abort-all'; readonly upTo: CheckpointId }
  | { readonly kind: 'leader-lost' }
  | { readonly kind: 'leader-found' };

export type AlignerEffect =
  | { readonly kind: 'block'; readonly channel: number }
  | { readonly kind: 'resume'; readonly channel: number }
  | {
      readonly kind: 'snapshot';
      readonly checkpoint: CheckpointId;
      readonly triggeredAtMs: number;
      /** From the first barrier to the last. */
      readonly alignmentMs: number;
    }
  /** Send a cancel marker on every output; tell the coordinator, unless it was the one who said so. */
  | { readonly kind: 'cancel'; readonly checkpoint: CheckpointId; readonly reason: CancelReason };

export interface AlignerStep {
  readonly aligner: Aligner;
  /** To be performed in this order. */
  readonly effects: readonly AlignerEffect[];
}

export function openAligner(channelCount: number): Aligner {
  return {
    channelCount,
    ended: new Set(),
    alignment: undefined,
    current: 0n,
    aborted: new Set(),
    hasLeader: true,
  };
}

/** Channels whose barrier is still missing: what a late checkpoint waits for here. */
export function missingChannels({ alignment, channelCount, ended }: Aligner): readonly number[] {
  return alignment === undefined
    ? []
    : Array.from({ length: channelCount }, (_, i) => i).filter((i) => !ended.has(i) && !alignment.aligned.has(i));
}

/** `now`: monotonic milliseconds. */
export function alignerStep(aligner: Aligner, event: AlignerEvent, now: number): AlignerStep {
  switch (event.kind) {
    case 'barrier':
      return onBarrier(aligner, event, now);
    case 'cancel-marker':
      return onCancelled(aligner, event.checkpoint, 'cancelled-upstream');
    case 'end-of-input':
      return onEndOfInput(aligner, event.channel, now);
    case 'trigger':
      return onTrigger(aligner, event, now);
    case 'abort':
      return onAbort(aligner, event.checkpoint);
    case 'abort-all':
      return onAbortAll(aligner, event.upTo);
    case 'leader-lost':
      return giveUp({ ...aligner, hasLeader: false }, 'leader-lost');
    case 'leader-found':
      return { aligner: { ...aligner, hasLeader: true }, effects: [] };
  }
}

function onBarrier(aligner: Aligner, event: Extract<AlignerEvent, { kind: 'barrier' }>, now: number): AlignerStep {
  const { channel, checkpoint } = event;
  invariant(
    channel >= 0 && channel < aligner.channelCount,
    `no channel ${channel} at a gate of ${aligner.channelCount}`,
  );
  invariant(!aligner.ended.has(channel), `a barrier behind the end of channel ${channel}`);
  const isAligning = aligner.alignment?.checkpoint === checkpoint;
  if (!isAligning && checkpoint <= aligner.current) {
    return { aligner, effects: [{ kind: 'resume', channel }] };
  }
  const begun = isAligning ? { aligner, effects: [] } : begin(aligner, event, now);
  const { alignment } = begun.aligner;
  if (alignment === undefined) {
    return { aligner: begun.aligner, effects: [...begun.effects, { kind: 'resume', channel }] };
  }
  invariant(!alignment.aligned.has(channel), `a second barrier ${checkpoint} on channel ${channel}`);
  const aligned = new Set(alignment.aligned).add(channel);
  return decided(
    { ...begun.aligner, alignment: { ...alignment, aligned } },
    [...begun.effects, { kind: 'block', channel }],
    now,
  );
}

function onTrigger(aligner: Aligner, event: Extract<AlignerEvent, { kind: 'trigger' }>, now: number): AlignerStep {
  if (event.checkpoint <= aligner.current) {
    return { aligner, effects: [] };
  }
  const begun = begin(aligner, event, now);
  return decided(begun.aligner, begun.effects, now);
}

/** Makes a new id the current one (I5); it is aligned unless it was aborted before it came, or nobody would hear of it (I6). */
function begin(
  aligner: Aligner,
  { checkpoint, triggeredAtMs }: { readonly checkpoint: CheckpointId; readonly triggeredAtMs: number },
  now: number,
): AlignerStep {
  const before = giveUp(aligner, 'superseded');
  const passed = pass(before.aligner, checkpoint);
  if (aligner.aborted.has(checkpoint) || !aligner.hasLeader) {
    const reason = aligner.hasLeader ? 'aborted-by-coordinator' : 'leader-lost';
    return { aligner: passed, effects: [...before.effects, { kind: 'cancel', checkpoint, reason }] };
  }
  const alignment: Alignment = { checkpoint, triggeredAtMs, startedAt: now, aligned: new Set() };
  return { aligner: { ...passed, alignment }, effects: before.effects };
}

/** The snapshot, and then the resumes (I1), once nothing is missing. */
function decided(aligner: Aligner, effects: readonly AlignerEffect[], now: number): AlignerStep {
  const { alignment } = aligner;
  if (alignment === undefined || missingChannels(aligner).length > 0) {
    return { aligner, effects };
  }
  const { checkpoint, triggeredAtMs, startedAt } = alignment;
  return {
    aligner: { ...aligner, alignment: undefined },
    effects: [
      ...effects,
      { kind: 'snapshot', checkpoint, triggeredAtMs, alignmentMs: now - startedAt },
      ...resumes(alignment),
    ],
  };
}

function onEndOfInput(aligner: Aligner, channel: number, now: number): AlignerStep {
  invariant(!aligner.ended.has(channel), `channel ${channel} ends twice`);
  invariant(aligner.alignment?.aligned.has(channel) !== true, `channel ${channel} went on behind its barrier`);
  return decided({ ...aligner, ended: new Set(aligner.ended).add(channel) }, [], now);
}

function onCancelled(aligner: Aligner, checkpoint: CheckpointId, reason: CancelReason): AlignerStep {
  if (aligner.alignment?.checkpoint === checkpoint) {
    return giveUp(aligner, reason);
  }
  if (checkpoint <= aligner.current) {
    return { aligner, effects: [] };
  }
  const before = giveUp(aligner, 'superseded');
  return {
    aligner: pass(before.aligner, checkpoint),
    effects: [...before.effects, { kind: 'cancel', checkpoint, reason }],
  };
}

/** An id that has not come yet is remembered: an older one may still be under way and complete. */
function onAbort(aligner: Aligner, checkpoint: CheckpointId): AlignerStep {
  if (aligner.alignment?.checkpoint === checkpoint) {
    return giveUp(aligner, 'aborted-by-coordinator');
  }
  return checkpoint <= aligner.current
    ? { aligner, effects: [] }
    : { aligner: { ...aligner, aborted: new Set(aligner.aborted).add(checkpoint) }, effects: [] };
}

function onAbortAll(aligner: Aligner, upTo: CheckpointId): AlignerStep {
  const { alignment } = aligner;
  const step =
    alignment !== undefined && alignment.checkpoint <= upTo
      ? giveUp(aligner, 'aborted-by-coordinator')
      : { aligner, effects: [] };
  return upTo <= aligner.current ? step : { aligner: pass(step.aligner, upTo), effects: step.effects };
}

/** Ends the alignment that is under way, if one is, and lets its channels go on. */
function giveUp(aligner: Aligner, reason: CancelReason): AlignerStep {
  const { alignment } = aligner;
  if (alignment === undefined) {
    return { aligner, effects: [] };
  }
  return {
    aligner: { ...aligner, alignment: undefined },
    effects: [{ kind: 'cancel', checkpoint: alignment.checkpoint, reason }, ...resumes(alignment)],
  };
}

function pass(aligner: Aligner, checkpoint: CheckpointId): Aligner {
  const aborted = new Set([...aligner.aborted].filter((id) => id > checkpoint));
  return { ...aligner, current: checkpoint, aborted };
}

function resumes({ aligned }: Alignment): AlignerEffect[] {
  return [...aligned].sort((a, b) => a - b).map((channel) => ({ kind: 'resume', channel }));
}
