import type { ApiRequest } from './api-request.ts';
import { RequestWriter } from './request-writer.ts';
import { ResponseReader } from './response-reader.ts';

/** FindCoordinator, version 2: the broker that keeps a consumer group's offsets, or a transactional id's transactions. */
export type CoordinatorKind = 'group' | 'transaction';

export interface CoordinatorAnswer {
  readonly errorCode: number;
  readonly nodeId: number;
}

export function findCoordinatorRequest(kind: CoordinatorKind, key: string): ApiRequest {
  const body = new RequestWriter().string(key).int8(kind === 'transaction' ? 1 : 0);
  return { apiKey: 10, apiVersion: 2, apiName: 'FindCoordinator', chunks: [body.finish()], holdMs: 0 };
}

export function parseFindCoordinator(bytes: Buffer): CoordinatorAnswer {
  const reader = new ResponseReader(bytes);
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  reader.string(); // error message
  return { errorCode, nodeId: reader.int32() };
}
