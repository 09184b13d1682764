import { KafkaAdmin } from '../../connectors/kafka/kafka-admin.ts';
import { silentLogger } from '../../shared/log/logger.ts';
import type { TxnCommandDeps } from './txn-command.ts';

export const kafkaOpenTransactions: TxnCommandDeps['openTransactions'] = async ({ connectors }, prefix, signal) => {
  const admin = new KafkaAdmin(connectors, silentLogger);
  try {
    const found = await admin.openTransactions(prefix, AbortSignal.any([signal, AbortSignal.timeout(30_000)]));
    return found.map(({ transactionalId, state, startedAtMs, timeoutMs, partitions }) => ({
      transactionalId,
      state,
      startedAtMs: startedAtMs < 0 ? undefined : startedAtMs,
      timeoutMs,
      partitions: partitions.length,
    }));
  } finally {
    await admin.close();
  }
};
