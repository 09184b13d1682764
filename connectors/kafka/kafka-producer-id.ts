import { StreamError } from '../../shared/failure/failure.ts';
import { brokerRefusal } from './broker-failures.ts';
import type { KafkaClient } from './kafka-client.ts';
import { ProducerIdentity } from './producer-identity.ts';
import { initProducerIdRequest, parseInitProducerId } from './transaction-requests.ts';

const ANY_TIMEOUT_MS = 60_000;

/** A producer id without a transaction: what makes a writer's retries idempotent. Any broker gives one. */
export async function newProducerIdentity(client: KafkaClient, signal: AbortSignal): Promise<ProducerIdentity> {
  const request = initProducerIdRequest({
    transactionalId: undefined,
    timeoutMs: ANY_TIMEOUT_MS,
    current: undefined,
  });
  const { errorCode, producerId, producerEpoch } = parseInitProducerId(await client.sendToAny(request, signal));
  if (errorCode !== 0) {
    throw new StreamError(brokerRefusal(errorCode, 'Asking for a producer id for', 'any topic', client.brokers));
  }
  return new ProducerIdentity(producerId, producerEpoch, undefined);
}
