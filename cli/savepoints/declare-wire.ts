import type { Declared, DeclareRequest } from './declared-operators.ts';

/** Both ends are this process: what one thread posts is what the other reads. */
export function declareRequestFromWire(data: unknown): DeclareRequest {
  return data as DeclareRequest;
}

export function declaredFromWire(message: unknown): Declared {
  return message as Declared;
}
