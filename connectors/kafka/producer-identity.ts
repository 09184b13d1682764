import type { BatchProducer } from './record-batch-encode.ts';

/**
 * Who a writer is to the brokers, and the sequence numbers of its partitions (KIP-98). Kept apart from sending: an
 * exactly-once writer changes its identity with every transaction.
 *
 * I1  A batch's sequence is given once, when it is sealed; a retry repeats it, and the broker recognises what it has already.
 * I2  Sequences of a partition are given in the order in which batches are sent; one batch of a partition is in flight at a
 *     time, so none can overtake another.
 */
export class ProducerIdentity {
  readonly id: bigint;
  readonly epoch: number;
  readonly transactionalId: string | undefined;
  readonly #sequences = new Map<string, number>();

  constructor(id: bigint, epoch: number, transactionalId: string | undefined) {
    this.id = id;
    this.epoch = epoch;
    this.transactionalId = transactionalId;
  }

  /** The header fields for the next batch of a partition (I1). `partition` as `topic-partition`. */
  nextBatch(partition: string, recordCount: number): BatchProducer {
    const baseSequence = this.#sequences.get(partition) ?? 0;
    // Sequences wrap from 2^31 − 1 to 0 (DefaultRecordBatch.incrementSequence).
    this.#sequences.set(partition, (baseSequence + recordCount) % 2_147_483_648);
    return { id: this.id, epoch: this.epoch, baseSequence, isTransactional: this.transactionalId !== undefined };
  }
}
