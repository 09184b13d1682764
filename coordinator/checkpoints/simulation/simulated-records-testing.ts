import type { CheckpointMetadata } from '../../../shared/checkpoint/checkpoint-metadata.ts';
import type { CheckpointPersist, CheckpointRecord, ObjectAnswer, RecordAnswer } from '../checkpoint-events.ts';
import { epochOf, idOf } from './protocol-invariants-testing.ts';
import type { ProtocolInvariants } from './protocol-invariants-testing.ts';
import type { SimulatedBroker } from './simulated-broker-testing.ts';

export interface AttemptRecord {
  readonly attempt: number;
  readonly parallelism: number;
  readonly isCondemned: boolean;
}

interface Stored<V> {
  readonly value: V;
  readonly revision: bigint;
}

type PutRecord = Extract<CheckpointPersist, { kind: 'put-record' }>;

/** etcd and the object store: every write compares what the protocol says it compares, and nothing else protects it. */
export class SimulatedRecords {
  readonly #invariants: ProtocolInvariants;
  readonly #broker: SimulatedBroker;
  readonly objects = new Map<string, CheckpointMetadata>();
  readonly #records = new Map<CheckpointRecord['kind'], Stored<CheckpointRecord>>();
  #revision = 1n;
  leaderEpoch = 0n;
  attempt: Stored<AttemptRecord> = { value: { attempt: 0, parallelism: 0, isCondemned: true }, revision: 0n };

  constructor(invariants: ProtocolInvariants, broker: SimulatedBroker) {
    this.#invariants = invariants;
    this.#broker = broker;
  }

  /** A new leader's key: from now on every write of an earlier one fails. */
  elect(): bigint {
    this.#revision += 1n;
    this.leaderEpoch = this.#revision;
    return this.leaderEpoch;
  }

  putObject(key: string, metadata: CheckpointMetadata): ObjectAnswer {
    const there = this.objects.get(key);
    if (there !== undefined) {
      return { kind: bytesOf(there) === bytesOf(metadata) ? 'created' : 'exists' };
    }
    this.objects.set(key, metadata);
    return { kind: 'created' };
  }

  putRecord({ record, expectedRevision, leaderEpoch, attemptRevision }: PutRecord): RecordAnswer {
    const there = this.#records.get(record.kind);
    if (leaderEpoch !== this.leaderEpoch) {
      return { kind: 'fenced' };
    }
    if (there !== undefined && bytesOf(there.value) === bytesOf(record)) {
      return { kind: 'done', revision: there.revision };
    }
    const isAttemptSame = attemptRevision === undefined || attemptRevision === this.attempt.revision;
    if (!isAttemptSame || (there?.revision ?? 0n) !== expectedRevision) {
      return { kind: 'fenced' };
    }
    this.#revision += 1n;
    this.#records.set(record.kind, { value: record, revision: this.#revision });
    this.#landed(record);
    return { kind: 'done', revision: this.#revision };
  }

  putAttempt(value: AttemptRecord, expectedRevision: bigint, leaderEpoch: bigint): RecordAnswer {
    const isSame = this.attempt.value.attempt === value.attempt && this.attempt.value.isCondemned === value.isCondemned;
    if (leaderEpoch !== this.leaderEpoch || (!isSame && this.attempt.revision !== expectedRevision)) {
      return { kind: 'fenced' };
    }
    if (!isSame) {
      this.#revision += 1n;
      this.attempt = { value, revision: this.#revision };
    }
    return { kind: 'done', revision: this.attempt.revision };
  }

  read<K extends CheckpointRecord['kind']>(kind: K): Stored<Extract<CheckpointRecord, { kind: K }>> | undefined {
    const there = this.#records.get(kind);
    return there === undefined ? undefined : (there as Stored<Extract<CheckpointRecord, { kind: K }>>);
  }

  holds(record: CheckpointRecord): boolean {
    const there = this.#records.get(record.kind);
    return there !== undefined && bytesOf(there.value) === bytesOf(record);
  }

  #landed(record: CheckpointRecord): void {
    if (record.kind === 'pointer') {
      this.#invariants.onPointer(record.pointer, this.objects.get(record.pointer.metadataKey));
    } else if (record.kind === 'marker') {
      this.#invariants.onMarker(record.checkpoint, (committable) =>
        this.#broker.isCommitted(idOf(committable), epochOf(committable)),
      );
    }
  }
}

function bytesOf(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part));
}
