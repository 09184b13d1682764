import { unreachable } from '../../shared/invariant.ts';
import type { CheckpointMetadata } from '../../shared/checkpoint/checkpoint-metadata.ts';
import { invariant, required } from '../../shared/invariant.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { JobId } from '../../shared/ids.ts';
import type { ObjectAnswer, RecordAnswer } from '../checkpoints/checkpoint-events.ts';
import { parseNumber, parsePointer } from '../checkpoints/checkpoint-record-wire.ts';
import { recordKeyName } from '../job-store/job-store.ts';
import type { JobRecordKind } from '../job-store/job-store.ts';
import { NO_ATTEMPTS } from '../jobs/attempt-record.ts';
import { NOTHING_STORED } from '../jobs/job-checkpoints.ts';
import { parseAttempts, parseJobRecord, parseTerminal, parseUsedNumbers } from '../jobs/job-record-wire.ts';
import type { Parsed } from '../jobs/job-record-wire.ts';
import type { LoadedJob } from '../jobs/recover-job.ts';
import type { KernelEvent, KernelPersist, KernelSend } from '../kernel/kernel-events.ts';
import type { LoadedCluster } from '../kernel/recover-kernel.ts';
import { changesOf, checkpointChange } from '../runtime/record-changes.ts';

type CheckpointWrite = Extract<KernelSend, { kind: 'write-checkpoint' }>;

/** The job store and the metadata objects as a leader's kernel sees them: what was answered is held, under its revision. */
export class SimulatedRecords {
  readonly #values = new Map<string, { readonly value: string; readonly revision: bigint }>();
  readonly #objects = new Map<string, CheckpointMetadata>();
  readonly #jobs = new Set<JobId>();
  #revision = 0n;
  #epoch = 0n;
  #held: KernelEvent[] | undefined;
  #problem: Failure | undefined;

  copy(): SimulatedRecords {
    const copy = new SimulatedRecords();
    this.#values.forEach((value, key) => copy.#values.set(key, value));
    this.#objects.forEach((value, key) => copy.#objects.set(key, value));
    this.#jobs.forEach((jobId) => copy.#jobs.add(jobId));
    copy.#revision = this.#revision;
    copy.#epoch = this.#epoch;
    return copy;
  }

  /** All that tells two of them apart. */
  toJSON(): unknown {
    return [this.#values, this.#objects, this.#revision, this.#epoch];
  }

  /** Another leader: nothing of an earlier one lands any more. */
  raise(epoch: bigint): void {
    this.#epoch = epoch;
  }

  /** From now on nobody hears that an attempt is recorded. */
  hold(): void {
    this.#held = [];
  }

  /** The metadata of all checkpoints is gone, for this reason. */
  loseObjects(problem: Failure): void {
    this.#problem = problem;
  }

  /** One transaction; what comes of it as events. */
  persist(effects: readonly KernelPersist[]): readonly KernelEvent[] {
    this.#revision += 1n;
    for (const { key, value } of effects.flatMap(changesOf)) {
      this.#put(recordKeyName(key), value);
      if (key.kind === 'job' && value !== undefined) {
        this.#jobs.add(key.jobId);
      }
    }
    const recorded = effects.flatMap((effect): readonly KernelEvent[] =>
      effect.kind === 'put-attempts' && effect.attempts.current !== undefined
        ? [
            {
              kind: 'attempt-recorded',
              jobId: effect.jobId,
              attempt: effect.attempts.current.number,
              revision: this.#revision,
            } as const,
          ]
        : [],
    );
    if (this.#held === undefined) {
      return recorded;
    }
    this.#held.push(...recorded);
    return [];
  }

  /** What was held back; it comes late. */
  release(): readonly KernelEvent[] {
    const held = this.#held ?? [];
    this.#held = undefined;
    return held;
  }

  write({ jobId, attempt, write }: CheckpointWrite): KernelEvent {
    switch (write.kind) {
      case 'put-object': {
        const { checkpoint } = write.metadata;
        const held = this.#objects.get(write.key) ?? write.metadata;
        const answer: ObjectAnswer = { kind: held === write.metadata ? 'created' : 'exists' };
        this.#objects.set(write.key, held);
        return { kind: 'checkpoint-written', jobId, attempt, answer: { kind: 'object-answered', checkpoint, answer } };
      }
      case 'put-record': {
        const record = write.record.kind;
        const answer = this.#transact(jobId, write);
        return { kind: 'checkpoint-written', jobId, attempt, answer: { kind: 'record-answered', record, answer } };
      }
      default:
        return unreachable(write);
    }
  }

  load(): LoadedCluster {
    const floor = this.#values.get('attempt-floor');
    return {
      jobs: [...this.#jobs].map((jobId) => this.#loadJob(jobId)).filter((job) => job !== undefined),
      floor: floor === undefined ? { attempt: 0, checkpoint: 0n } : sound(parseUsedNumbers(floor.value)),
    };
  }

  #transact(
    jobId: JobId,
    {
      record,
      expectedRevision,
      attemptRevision,
      leaderEpoch,
    }: Extract<CheckpointWrite['write'], { kind: 'put-record' }>,
  ): RecordAnswer {
    const { key, value } = checkpointChange(jobId, record);
    const name = recordKeyName(key);
    const held = this.#values.get(name);
    const attempt = this.#values.get(`jobs/${jobId}/attempt`)?.revision ?? 0n;
    const holds =
      leaderEpoch >= this.#epoch &&
      (held?.revision ?? 0n) === expectedRevision &&
      (attemptRevision === undefined || attemptRevision === attempt);
    if (holds) {
      this.#revision += 1n;
      this.#put(name, value);
      return { kind: 'done', revision: this.#revision };
    }
    return held !== undefined && held.value === value && held.revision > expectedRevision
      ? { kind: 'done', revision: held.revision }
      : { kind: 'fenced' };
  }

  #loadJob(jobId: JobId): LoadedJob | undefined {
    const get = (kind: JobRecordKind): { value: string; revision: bigint } | undefined =>
      this.#values.get(`jobs/${jobId}/${kind}`);
    const job = get('job');
    if (job === undefined) {
      return undefined;
    }
    const attempt = get('attempt');
    const terminal = get('terminal');
    const pointer = get('pointer');
    const marker = get('marker');
    const ids = get('ids');
    const found = pointer === undefined ? undefined : required(parsePointer(pointer.value), 'a pointer');
    return {
      record: sound(parseJobRecord(job.value)),
      attempts: attempt === undefined ? NO_ATTEMPTS : sound(parseAttempts(attempt.value)),
      attemptRevision: attempt?.revision ?? 0n,
      terminal: terminal === undefined ? undefined : sound(parseTerminal(terminal.value)),
      problem: pointer === undefined ? undefined : this.#problem,
      stored: {
        ...NOTHING_STORED,
        reservedTo: ids === undefined ? 0n : required(parseNumber(ids.value), 'ids'),
        marker: marker === undefined ? undefined : required(parseNumber(marker.value), 'a marker'),
        pointer:
          found === undefined || this.#problem !== undefined
            ? undefined
            : { pointer: found, metadata: required(this.#objects.get(found.metadataKey), found.metadataKey) },
        revisions: {
          ids: ids?.revision ?? 0n,
          pointer: pointer?.revision ?? 0n,
          marker: marker?.revision ?? 0n,
        },
      },
    };
  }

  #put(name: string, value: string | undefined): void {
    if (value === undefined) {
      this.#values.delete(name);
    } else {
      this.#values.set(name, { value, revision: this.#revision });
    }
  }
}

function sound<T>(parsed: Parsed<T>): T {
  invariant(parsed.kind === 'parsed', 'a record that its own writer cannot read');
  return parsed.record;
}
