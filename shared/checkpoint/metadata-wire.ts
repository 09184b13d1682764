import type { AnyDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

/** proto-loader types what it loads as messages of plain objects; the generated types say which. */
export function messageFromWire<In, Out>(
  definition: AnyDefinition,
): { serialize(value: In): Buffer; deserialize(bytes: Buffer): Out } {
  const { serialize, deserialize } = definition as unknown as MessageTypeDefinition<In, Out>;
  return { serialize, deserialize };
}
