import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import type { SplitState } from '../../shared/connector/source.ts';
import type { AttemptKey, Deployment } from '../../shared/control/messages.ts';
import { invariant } from '../../shared/invariant.ts';
import type { CheckpointId, JobId, VertexId } from '../../shared/ids.ts';
import { parseKnownSplits } from '../checkpoints/known-splits-wire.ts';
import type { AttemptRecord, RecordedAttempt } from '../jobs/attempt-record.ts';
import type { KernelEvent, KernelPersist, KernelStep } from '../kernel/kernel-events.ts';
import type { LoadedCluster } from '../kernel/recover-kernel.ts';

/** What the stores were told of one job, and what of it is known to be done. */
interface JobFences {
  attempts: AttemptRecord;
  /** Every attempt that was ever current, with its sinks. */
  readonly recorded: Map<number, RecordedAttempt>;
  /** `<attempt>/<sink>` */
  readonly abandoned: Set<string>;
  /** Checkpoints whose pointer, whose marker is durable. */
  readonly pointers: Set<CheckpointId>;
  readonly markers: Set<CheckpointId>;
  pendingPointer: CheckpointId | undefined;
  pendingMarker: CheckpointId | undefined;
  isBroken: boolean;
  /** Of the checkpoint that is on its way, and of the last one whose pointer is durable. */
  pendingMetadata: CheckpointMetadata | undefined;
  metadata: CheckpointMetadata | undefined;
}

/** V7 and V9 to V11 of kernel-invariants-testing.ts. */
export class FenceInvariants {
  readonly #jobs = new Map<JobId, JobFences>();

  /** Another leader begins with what is stored: also what was written and whose answer nobody has heard. */
  takeOver(former: FenceInvariants, { jobs }: LoadedCluster): void {
    former.#jobs.forEach((fences, jobId) => this.#jobs.set(jobId, fences));
    for (const { record, stored } of jobs) {
      const fences = this.#of(record.spec.jobId);
      if (stored.pointer !== undefined) {
        fences.pointers.add(stored.pointer.pointer.checkpoint);
        fences.metadata = stored.pointer.metadata;
        if (stored.marker === stored.pointer.pointer.checkpoint) {
          fences.markers.add(stored.pointer.pointer.checkpoint);
        }
      }
    }
  }

  /**
   * V6: where a split that is assigned now must begin, by the last durable checkpoint; undefined: where it was discovered.
   */
  checkAssigned(key: AttemptKey, vertex: VertexId, { id, position }: SplitState, discovered: string): void {
    const { metadata } = this.#of(key.jobId);
    const operator = metadata?.operators.find(({ uid }) => String(uid) === String(vertex));
    const held = operator?.subtasks.flatMap(({ splits }) => splits).find((split) => split.id === id);
    const known = parseKnownSplits(operator?.coordinatorState ?? '');
    invariant(
      known?.finished.has(id) !== true,
      `V6: split ${id} is assigned, though a checkpoint holds it as finished`,
    );
    if (held !== undefined && metadata?.attempt === key.attempt) {
      return; // Repeated after a reconnection, or the checkpoint is older than the order.
    }
    const expected = held?.position ?? known?.splits.find((split) => split.id === id)?.position ?? discovered;
    invariant(position === expected, `V6: split ${id} begins at ${position}, not at ${expected}`);
  }

  learn(event: KernelEvent): void {
    if (event.kind === 'abandoned') {
      this.#of(event.jobId).abandoned.add(`${event.attempt}/${event.sink}`);
    } else if (event.kind === 'commit-failed' && event.failure.reaction === 'fail-job') {
      this.#of(event.jobId).isBroken = true;
    } else if (event.kind === 'checkpoint-written' && event.answer.kind === 'record-answered') {
      const fences = this.#of(event.jobId);
      if (event.answer.answer.kind === 'done') {
        if (event.answer.record === 'pointer' && fences.pendingPointer !== undefined) {
          fences.pointers.add(fences.pendingPointer);
          fences.metadata = fences.pendingMetadata;
        } else if (event.answer.record === 'marker' && fences.pendingMarker !== undefined) {
          fences.markers.add(fences.pendingMarker);
        }
      }
    }
  }

  check(step: KernelStep): void {
    step.persist.forEach((effect) => {
      this.#checkPersist(effect);
    });
    for (const effect of step.send) {
      if (effect.kind === 'commit') {
        invariant(this.#of(effect.jobId).pointers.has(effect.checkpoint), 'V7: a commit without a durable pointer');
      } else if (effect.kind === 'write-checkpoint' && effect.write.kind === 'put-object') {
        this.#of(effect.jobId).pendingMetadata = effect.write.metadata;
      } else if (effect.kind === 'write-checkpoint' && effect.write.kind === 'put-record') {
        const fences = this.#of(effect.jobId);
        const { record } = effect.write;
        if (record.kind === 'pointer') {
          fences.pendingPointer = record.pointer.checkpoint;
          invariant(fences.attempts.current?.number === effect.attempt, 'V10: a pointer of a condemned attempt');
        } else if (record.kind === 'marker') {
          fences.pendingMarker = record.checkpoint;
        }
      } else if (effect.kind === 'abandon') {
        const isCondemned = this.#of(effect.jobId).attempts.condemned.some(
          ({ number }) => number === effect.attempt.attempt,
        );
        invariant(isCondemned, 'V9: an attempt is abandoned that is not condemned');
      }
    }
  }

  checkDeploy({ jobId, attempt }: Deployment): void {
    const fences = this.#of(jobId);
    invariant(fences.attempts.current?.number === attempt, 'V9: a deploy of an attempt that is not stored as current');
    for (const [number, { sinks }] of fences.recorded) {
      for (const { uid } of sinks) {
        const isFenced = number >= attempt || fences.abandoned.has(`${number}/${uid}`);
        invariant(isFenced, `V9: attempt ${attempt} is deployed before sink ${uid} has abandoned attempt ${number}`);
      }
    }
  }

  #checkPersist(effect: KernelPersist): void {
    switch (effect.kind) {
      case 'put-new-job':
      case 'delete-job':
        this.#jobs.delete(effect.kind === 'delete-job' ? effect.jobId : effect.record.spec.jobId);
        return;
      case 'put-attempts': {
        const fences = this.#of(effect.jobId);
        const { current, condemned } = effect.attempts;
        const wasCondemned = fences.attempts.condemned.some(({ number }) => number === current?.number);
        invariant(!wasCondemned, 'V10: a condemned attempt is current again');
        const isLate = condemned.length === 0 || fences.pendingPointer === undefined || this.#isWhole(fences);
        invariant(isLate, 'V10: an attempt is condemned while its pointer lacks its marker');
        fences.attempts = effect.attempts;
        if (current !== undefined) {
          fences.recorded.set(current.number, current);
        }
        return;
      }
      case 'put-terminal':
        invariant(this.#isWhole(this.#of(effect.jobId)), 'V11: a job ends while a pointer lacks its marker');
        return;
      case 'put-job':
    }
  }

  #isWhole({ pointers, markers, isBroken }: JobFences): boolean {
    return isBroken || [...pointers].every((checkpoint) => markers.has(checkpoint));
  }

  #of(jobId: JobId): JobFences {
    const fences = this.#jobs.get(jobId) ?? {
      attempts: { current: undefined, condemned: [] },
      recorded: new Map<number, RecordedAttempt>(),
      abandoned: new Set<string>(),
      pointers: new Set<CheckpointId>(),
      markers: new Set<CheckpointId>(),
      pendingPointer: undefined,
      pendingMarker: undefined,
      isBroken: false,
      pendingMetadata: undefined,
      metadata: undefined,
    };
    this.#jobs.set(jobId, fences);
    return fences;
  }
}
