import { StreamError } from '../../shared/failure/failure.ts';
import type { ApiRequest } from './api-request.ts';
import { brokerRefusal } from './broker-failures.ts';
import type { KafkaClient } from './kafka-client.ts';
import { ProducerIdentity } from './producer-identity.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** A producer id without a transaction: what makes a writer's retries idempotent. Any broker gives one. */
export async function newProducerIdentity(client: KafkaClient, signal: AbortSignal): Promise<ProducerIdentity> {
  const reader = new ResponseReader(await client.sendToAny(initProducerIdRequest(), signal));
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  if (errorCode !== 0) {
    throw new StreamError(brokerRefusal(errorCode, 'Asking for a producer id for', 'any topic', client.brokers));
  }
  return new ProducerIdentity(reader.int64(), reader.int16(), undefined);
}

/** InitProducerId, version 1: enough without transactions, and known to older brokers. */
function initProducerIdRequest(): ApiRequest {
  const body = new RequestWriter().string(undefined).int32(60_000).finish();
  return { apiKey: 22, apiVersion: 1, apiName: 'InitProducerId', chunks: [body], holdMs: 0 };
}
