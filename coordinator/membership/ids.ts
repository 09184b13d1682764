import { invariant } from '../../shared/invariant.ts';

declare const brand: unique symbol;

/** One control stream of one task manager. A reconnection is another connection. Unique within a coordinator process. */
export type ConnectionId = number & { readonly [brand]: 'ConnectionId' };

export function parseConnectionId(value: number): ConnectionId {
  invariant(Number.isInteger(value) && value >= 1, `connection id must be a whole number from 1, got ${value}`);
  return value as ConnectionId;
}
