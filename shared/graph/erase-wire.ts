import type { Quarantine } from '../functions/quarantine.ts';
import type { Serializer } from '../serialization/serializer.ts';

/**
 * The one place where the graph forgets value types. Sound because `flow.ts` is the only maker of edges: whatever is sent
 * along an edge has the type that the erased function was written for.
 */
export function erase<From extends object, To extends object>(typed: From): To {
  return typed as unknown as To;
}

export function eraseSerializer<T>(serializer: Serializer<T> | undefined): Serializer<unknown> | undefined {
  return serializer;
}

export function eraseQuarantine<T>(quarantine: Quarantine<T> | undefined): Quarantine<unknown> | undefined {
  return quarantine as unknown as Quarantine<unknown> | undefined;
}
