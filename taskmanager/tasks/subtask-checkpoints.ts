import type { SnapshotStage } from '../../shared/control/checkpoint-messages.ts';
import type { SubtaskKey } from '../../shared/control/messages.ts';
import { failpoint, failpointAsync } from '../../shared/failpoints/failpoint.ts';
import { classifyUnknown, formatFailure } from '../../shared/failure/failure.ts';
import type { CheckpointId } from '../../shared/ids.ts';
import { unreachable } from '../../shared/invariant.ts';
import type { Logger } from '../../shared/log/logger.ts';
import { alignerStep, missingChannels, openAligner } from '../input/barrier-aligner.ts';
import type { Aligner, AlignerEffect, AlignerEvent, CancelReason } from '../input/barrier-aligner.ts';
import type { InputGate } from '../input/input-gate.ts';
import type { Chain } from '../operators/chain.ts';
import { nameOf } from '../operators/operator-scope.ts';
import type { CheckpointHost, SubtaskStage } from './checkpoint-host.ts';
import { CompletedCheckpoints } from './completed-checkpoints.ts';
import { describeSubtask, freezeChain, writeCaptures } from './subtask-snapshot.ts';
import type { FrozenSubtask } from './subtask-snapshot.ts';

export interface SubtaskCheckpointsOptions {
  readonly key: SubtaskKey;
  readonly chain: Chain;
  readonly gate: InputGate | undefined;
  readonly host: CheckpointHost;
  readonly logger: () => Logger;
  readonly signal: AbortSignal;
  /** True once all input is read and everything it led to was emitted. */
  readonly isFinished: () => boolean;
  readonly onAligned: (alignmentMs: number, startDelayMs: number) => void;
}

/** A snapshot from its barrier until its acknowledgement has left. */
interface UnderWay {
  readonly frozen: FrozenSubtask;
  isFlushed: boolean;
  isAborted: boolean;
}

/** Before every operator: it is asked last whether the chain may go on. */
const HOLD_PLACE = -1;

/**
 * The checkpoints of one subtask: barriers are aligned (barrier-aligner.ts), the chain is frozen, the barrier goes on, and what
 * was frozen is written and acknowledged beside the loop.
 *
 * C1  The snapshot of n, and the barrier n on every output, are of one turn between two records. Then the inputs go on: records
 *     behind the barrier are processed while n is written.
 * C2  What the aligner decides is done in its order. A snapshot whose turn has come while the sinks still flush for an earlier
 *     one waits, and so does all input (`isHolding`): calls of `prepareCommit` must not overlap.
 * C3  Snapshots are written in the order of their barriers, one at a time, and acknowledged in that order. An aborted one is not
 *     written; its layers and its committables are part of the next (acknowledgement.ts I1, I2).
 * C4  State that cannot be stored declines the checkpoint; output whose fate is in doubt (`prepareCommit` rejects) fails the
 *     attempt.
 * C5  `completed` is cumulative and repeatable.
 */
export class SubtaskCheckpoints {
  readonly #options: SubtaskCheckpointsOptions;
  readonly #chain: Chain;
  readonly #completed: CompletedCheckpoints;
  readonly #underWay = new Map<CheckpointId, UnderWay>();
  #aligner: Aligner;
  #effects: AlignerEffect[] = [];
  #flushing: CheckpointId | undefined;
  /** The last write, which the next one waits for; never rejects. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(options: SubtaskCheckpointsOptions) {
    this.#options = options;
    this.#chain = options.chain;
    this.#aligner = openAligner(options.gate?.channelCount ?? 0);
    this.#completed = new CompletedCheckpoints(options.chain);
  }

  /** C2. While it is true, nothing of the input may be processed. */
  get isHolding(): boolean {
    return this.#effects.length > 0;
  }

  /** Everything up to it is complete, as far as the subtask has heard; 0: nothing. */
  get completed(): CheckpointId | 0n {
    return this.#completed.highest;
  }

  /**
   * A checkpoint that holds the subtask's last state has completed, no later one waits for this subtask, and its inputs have
   * ended: a producer that still has something to send must find it.
   */
  get isLastStateComplete(): boolean {
    const { ended, channelCount } = this.#aligner;
    return this.#completed.isLastStateComplete && this.#underWay.size === 0 && ended.size === channelCount;
  }

  /** The highest complete checkpoint has the subtask's last state. */
  get holdsLastState(): boolean {
    return this.#completed.isLastStateComplete;
  }

  /** A checkpoint is being aligned or written here. */
  get isBusy(): boolean {
    return this.#underWay.size > 0 || this.#aligner.alignment !== undefined || this.isHolding;
  }

  /** What the newest checkpoint that is under way here waits for. */
  get stage(): SubtaskStage | undefined {
    const { alignment } = this.#aligner;
    if (alignment !== undefined) {
      return { checkpoint: alignment.checkpoint, stage: this.#waiting() };
    }
    const held = this.#effects.find((effect) => effect.kind === 'snapshot');
    if (held?.kind === 'snapshot') {
      return { checkpoint: held.checkpoint, stage: { kind: 'flushing-sink' } };
    }
    const newest = [...this.#underWay.values()].at(-1);
    return newest === undefined
      ? undefined
      : {
          checkpoint: newest.frozen.checkpoint,
          stage: { kind: newest.isFlushed ? 'writing-state' : 'flushing-sink' },
        };
  }

  /** Something that happened to the inputs, or that the coordinator said. */
  on(event: AlignerEvent): void {
    if (event.kind === 'abort') {
      this.#abort((checkpoint) => checkpoint === event.checkpoint);
    } else if (event.kind === 'abort-all') {
      this.#abort((checkpoint) => checkpoint <= event.upTo);
    }
    const { aligner, effects } = alignerStep(this.#aligner, event, this.#options.host.monotonicMs());
    this.#aligner = aligner;
    this.#effects.push(...effects);
    this.#goOn();
  }

  /** Passed, or aborted before it came: it changes nothing any more. */
  isObsolete(checkpoint: CheckpointId): boolean {
    return checkpoint <= this.#aligner.current || this.#aligner.aborted.has(checkpoint);
  }

  /** C5. @throws what an operator, a writer or the reader throws */
  complete(checkpoint: CheckpointId): void {
    if (checkpoint > this.completed) {
      this.#completed.complete(checkpoint);
    }
  }

  #abort(isMeant: (checkpoint: CheckpointId) => boolean): void {
    for (const [checkpoint, underWay] of this.#underWay) {
      underWay.isAborted ||= isMeant(checkpoint);
    }
    // What is held back has not happened: consumers must be told that its barrier will not come.
    this.#effects = this.#effects.map((effect) =>
      effect.kind === 'snapshot' && isMeant(effect.checkpoint)
        ? { kind: 'cancel', checkpoint: effect.checkpoint, reason: 'aborted-by-coordinator' }
        : effect,
    );
  }

  #goOn(): void {
    for (let effect = this.#effects[0]; effect !== undefined; effect = this.#effects[0]) {
      if (effect.kind === 'snapshot' && this.#flushing !== undefined) {
        this.#chain.suspensions.add(HOLD_PLACE, { resume: () => !this.isHolding });
        return;
      }
      this.#effects.shift();
      this.#perform(effect);
    }
  }

  #perform(effect: AlignerEffect): void {
    const { gate } = this.#options;
    switch (effect.kind) {
      case 'block':
        gate?.block(effect.channel);
        return;
      case 'resume':
        gate?.resume(effect.channel);
        return;
      case 'cancel':
        this.#cancel(effect.checkpoint, effect.reason);
        return;
      case 'snapshot':
        this.#snapshot(effect);
        return;
      default:
        unreachable(effect);
    }
  }

  #cancel(checkpoint: CheckpointId, reason: CancelReason): void {
    for (const edge of this.#chain.edges) {
      edge.writeControl({ kind: 'cancel-marker', checkpoint });
    }
    const detail = DETAILS[reason];
    if (detail !== undefined) {
      this.#options.host.say({ kind: 'declined', checkpoint, cause: 'cancelled', detail });
    }
  }

  /** C1 */
  #snapshot({ checkpoint, triggeredAtMs, alignmentMs }: Extract<AlignerEffect, { kind: 'snapshot' }>): void {
    const { signal, host, isFinished, onAligned } = this.#options;
    failpoint('task.before-barrier');
    const frozen = freezeChain(this.#chain, { checkpoint, isFinished: isFinished() }, signal);
    for (const edge of this.#chain.edges) {
      edge.writeControl({ kind: 'barrier', checkpoint, triggeredAtMs });
    }
    failpoint('task.after-freeze');
    onAligned(alignmentMs, Math.max(0, host.nowMs() - triggeredAtMs - alignmentMs));
    this.#completed.froze(frozen);
    const underWay: UnderWay = { frozen, isFlushed: frozen.prepared.length === 0, isAborted: false };
    this.#underWay.set(checkpoint, underWay);
    const flushed = this.#flush(underWay);
    host.joins(this.#write(underWay, flushed));
  }

  /** Ends when the sinks have prepared what came before the barrier; false: they could not, and the attempt fails. */
  async #flush(underWay: UnderWay): Promise<boolean> {
    const { host, signal } = this.#options;
    const { checkpoint, prepared } = underWay.frozen;
    if (prepared.length === 0) {
      return true;
    }
    this.#flushing = checkpoint;
    try {
      const outputs = await Promise.all(prepared);
      host.post(() => {
        for (const { sink, outputs: ofSink } of outputs) {
          this.#completed.held.add(sink, checkpoint, ofSink);
        }
        this.#flushing = undefined;
        underWay.isFlushed = true;
        this.#goOn();
      });
      return true;
    } catch (error) {
      if (!signal.aborted) {
        const failure = classifyUnknown(error, `${this.#name}: preparing its output for checkpoint ${checkpoint}`);
        host.post(() => {
          host.fail(failure);
        });
      }
      return false;
    }
  }

  /** C3, C4 */
  async #write(underWay: UnderWay, flushed: Promise<boolean>): Promise<void> {
    const { host, signal } = this.#options;
    const { frozen } = underWay;
    const write = this.#lastWrite.then(async () =>
      underWay.isAborted ? undefined : await writeCaptures(frozen, signal),
    );
    this.#lastWrite = Promise.allSettled([write]);
    try {
      const written = await write;
      if (!(await flushed)) {
        return;
      }
      await failpointAsync('task.before-ack');
      host.post(() => {
        this.#acknowledge(underWay, written);
      });
    } catch (error) {
      if (!signal.aborted) {
        host.post(() => {
          this.#onWriteFailed(underWay, error);
        });
      }
    }
  }

  #acknowledge(underWay: UnderWay, written: Awaited<ReturnType<typeof writeCaptures>> | undefined): void {
    const { key, host } = this.#options;
    const { frozen, isAborted } = underWay;
    this.#underWay.delete(frozen.checkpoint);
    if (!isAborted && written !== undefined && frozen.checkpoint > this.completed) {
      const { held } = this.#completed;
      const now = host.monotonicMs();
      const snapshot = describeSubtask({ key, chain: this.#chain, frozen, written, held, now });
      host.say({ kind: 'snapshot', checkpoint: frozen.checkpoint, snapshot });
    }
  }

  #onWriteFailed(underWay: UnderWay, error: unknown): void {
    const { checkpoint } = underWay.frozen;
    this.#underWay.delete(checkpoint);
    const failure = classifyUnknown(error, `${this.#name}: storing its state for checkpoint ${checkpoint}`);
    this.#options.logger().warn('snapshot-failed', {
      checkpoint: String(checkpoint),
      code: failure.code,
      failure: formatFailure(failure),
    });
    if (!underWay.isAborted) {
      const detail = `could not store its state (${failure.code})`;
      this.#options.host.say({ kind: 'declined', checkpoint, cause: 'failed', detail });
    }
  }

  #waiting(): SnapshotStage {
    const { gate } = this.#options;
    const missing = missingChannels(this.#aligner);
    return { kind: 'waiting-for-barriers', from: missing.map((channel) => gate?.producerOf(channel) ?? 'unknown') };
  }

  get #name(): string {
    return nameOf(this.#chain.head.scope);
  }
}

/** Undefined: the coordinator said so itself, or nobody is there to be told. */
const DETAILS: Readonly<Record<CancelReason, string | undefined>> = {
  superseded: 'was overtaken by the barrier of a newer checkpoint',
  'cancelled-upstream': 'was told by its input that the barrier will not come',
  'aborted-by-coordinator': undefined,
  'leader-lost': undefined,
};
