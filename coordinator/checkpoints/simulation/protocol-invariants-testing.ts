import type { CheckpointMetadata } from '../../../shared/checkpoint/checkpoint-metadata.ts';
import type { CheckpointPointer, CheckpointSend } from '../checkpoint-events.ts';
import { KEYS } from './simulated-job-testing.ts';

/** One record of a sink: the n-th record of its split that the keyed state of that sink has counted. */
export interface SimulatedOutput {
  readonly sink: number;
  readonly split: number;
  readonly offset: number;
  readonly count: number;
}

export class ProtocolViolation extends Error {
  override readonly name = 'ProtocolViolation';
}

/**
 * What must hold at every moment, whatever fails. It sees what really happens to the stores and the broker, not what anybody
 * believes.
 *
 * V1  No output is committed twice, and each is what an undisturbed run would have written.
 * V2  Nothing is committed that no durable pointer names.
 * V3  A pointer is higher than the one before it, which has its marker; its metadata object is there.
 * V4  What a pointer names is committed before its marker, and its id is not initialised anew before its marker.
 * V5  An (id, epoch) carries one transaction.
 * V6  A checkpoint id is triggered once, by one leader.
 * V7  A checkpoint that was announced as aborted never has a pointer.
 * V8  Tasks hear of a completed checkpoint only when its marker is durable.
 * V9  Nobody reports prepared output as lost, missing or in doubt.
 * V10 What a surviving slot rolls back to locally is what a restore reads.
 */
export class ProtocolInvariants {
  readonly committed = new Map<string, SimulatedOutput>();
  /** By transactional id, what the pointer without marker names. */
  readonly #owed = new Map<string, string>();
  readonly #named = new Set<string>();
  readonly #transactions = new Set<string>();
  readonly #triggered = new Map<bigint, bigint>();
  readonly #aborted = new Set<bigint>();
  pointer: CheckpointPointer | undefined;
  marker = 0n;
  carried = 0;
  commits = 0;

  onCommitted(committable: string, outputs: readonly SimulatedOutput[]): void {
    check(this.#named.has(committable), `V2: ${committable} is committed, and no pointer names it`);
    this.commits += 1;
    for (const output of outputs) {
      const name = `${output.split}/${output.offset}`;
      check(!this.committed.has(name), `V1: record ${name} is committed twice`);
      check(output.count === Math.floor(output.offset / KEYS) + 1, `V1: record ${name} was counted as ${output.count}`);
      this.committed.set(name, output);
    }
  }

  onTransactionBegun(id: string, epoch: number): void {
    const name = `${id}@${epoch}`;
    check(!this.#transactions.has(name), `V5: ${name} carries a second transaction`);
    this.#transactions.add(name);
  }

  onInitialised(id: string): void {
    check(!this.#owed.has(id), `V4: ${id} is initialised anew before the marker of the checkpoint that names it`);
  }

  onPointer(pointer: CheckpointPointer, metadata: CheckpointMetadata | undefined): void {
    const before = this.pointer;
    check(metadata !== undefined, `V3: the metadata of checkpoint ${pointer.checkpoint} is not there`);
    check(
      before === undefined || pointer.checkpoint > before.checkpoint,
      `V3: pointer ${pointer.checkpoint} is not higher`,
    );
    check(
      before === undefined || before.checkpoint === this.marker,
      `V3: pointer ${pointer.checkpoint} before the marker`,
    );
    check(!this.#aborted.has(pointer.checkpoint), `V7: aborted checkpoint ${pointer.checkpoint} has a pointer`);
    this.pointer = pointer;
    for (const committable of committablesIn(metadata)) {
      this.#named.add(committable);
      this.#owed.set(idOf(committable), committable);
    }
  }

  onMarker(checkpoint: bigint, isCommitted: (committable: string) => boolean): void {
    check(this.pointer?.checkpoint === checkpoint, `V3: marker ${checkpoint} without its pointer`);
    for (const committable of this.#owed.values()) {
      check(isCommitted(committable), `V4: marker ${checkpoint}, but ${committable} is not committed`);
    }
    this.#owed.clear();
    this.marker = checkpoint;
  }

  onSend(send: CheckpointSend, leader: bigint): void {
    switch (send.kind) {
      case 'trigger': {
        const by = this.#triggered.get(send.checkpoint);
        check(by === undefined || by === leader, `V6: checkpoint id ${send.checkpoint} is used twice`);
        this.#triggered.set(send.checkpoint, leader);
        return;
      }
      case 'abort':
      case 'failed':
        check(
          this.pointer?.checkpoint !== send.checkpoint,
          `V7: checkpoint ${send.checkpoint} is aborted behind its pointer`,
        );
        this.#aborted.add(send.checkpoint);
        return;
      case 'complete':
        check(this.marker >= send.checkpoint, `V8: checkpoint ${send.checkpoint} is announced without its marker`);
        return;
      case 'fail-job':
        throw new ProtocolViolation(`V9: ${send.failure.message}`);
      case 'restart-attempt':
        check(send.failure.code !== 'committable-missing', `V9: ${send.failure.message}`);
        return;
      default:
    }
  }
}

export function check(isTrue: boolean, message: string): asserts isTrue {
  if (!isTrue) {
    throw new ProtocolViolation(message);
  }
}

export function formatCommittable(id: string, epoch: number): string {
  return `${id}@${epoch}`;
}

export function idOf(committable: string): string {
  return committable.slice(0, committable.indexOf('@'));
}

export function epochOf(committable: string): number {
  return Number(committable.slice(committable.indexOf('@') + 1));
}

export function committablesIn({ operators }: CheckpointMetadata): readonly string[] {
  return operators.flatMap(({ subtasks }) => subtasks.flatMap(({ committables }) => committables));
}
