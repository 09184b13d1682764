import { createRequire } from 'node:module';

/**
 * kafkajs 2.2.4 shows records of aborted transactions to read-committed consumers: its filter takes the broker's list of aborted
 * transactions for one in the order of their first offsets (the broker gives them in the order of their ends), and takes at
 * most one of them per record. This replaces it, for the whole process, by what Kafka's own consumer does
 * (CompletedFetch.consumeAbortedTransactionsUpTo). Aborted records are marked as control records, which kafkajs skips.
 */
interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  isControlRecord?: boolean;
  readonly batchContext?: { readonly producerId: string; readonly inTransaction: boolean };
}

interface FetchedPartition {
  abortedTransactions?: { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: FetchedMessage[];
}

interface FetchResponse {
  readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[];
}

type Fetch = (this: unknown, request: unknown) => Promise<FetchResponse>;

const ABORT_MARKER = Buffer.from([0, 0, 0, 0]);
const PATCHED = Symbol.for('nerve.kafkajs-aborted');

export function correctKafkajs(): void {
  const require = createRequire(import.meta.url);
  const broker = require('kafkajs/src/broker') as { prototype: { fetch: Fetch; [PATCHED]?: true } };
  if (broker.prototype[PATCHED] === true) {
    return;
  }
  broker.prototype[PATCHED] = true;
  const { fetch } = broker.prototype;
  broker.prototype.fetch = async function fetchWithoutAborted(request) {
    const response = await fetch.call(this, request);
    for (const partition of response.responses.flatMap(({ partitions }) => partitions)) {
      markAborted(partition);
    }
    return response;
  };
}

function markAborted(partition: FetchedPartition): void {
  const pending = (partition.abortedTransactions ?? []).toSorted(byFirstOffset);
  const aborted = new Set<string>();
  for (const message of partition.messages) {
    const begun = pending.findIndex(({ firstOffset }) => Number(firstOffset) > Number(message.offset));
    for (const { producerId } of pending.splice(0, begun < 0 ? pending.length : begun)) {
      aborted.add(producerId);
    }
    if (isAbortMarker(message)) {
      aborted.delete(message.batchContext?.producerId ?? '');
    } else if (message.batchContext?.inTransaction === true && aborted.has(message.batchContext.producerId)) {
      message.isControlRecord = true;
    }
  }
  partition.abortedTransactions = [];
}

function byFirstOffset(a: { readonly firstOffset: string }, b: { readonly firstOffset: string }): number {
  return Number(a.firstOffset) - Number(b.firstOffset);
}

function isAbortMarker({ isControlRecord, key }: FetchedMessage): boolean {
  return isControlRecord === true && key?.equals(ABORT_MARKER) === true;
}
