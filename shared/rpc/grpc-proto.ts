import { join } from 'node:path';
import { loadPackageDefinition } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ProtoGrpcType as AdminTypes } from '../../proto/generated/admin.ts';
import type { ProtoGrpcType as ControlTypes } from '../../proto/generated/control.ts';
import type { ProtoGrpcType as DirectoryTypes } from '../../proto/generated/directory.ts';
import type { ProtoGrpcType as ExchangeTypes } from '../../proto/generated/exchange.ts';
import { protoTypesFromWire } from './proto-types-wire.ts';

const PROTO_DIR = join(import.meta.dirname, '../../proto');

/** How protobuf's values look in JavaScript; the types in proto/generated are generated with the same. */
const OPTIONS = {
  longs: String,
  enums: String,
  defaults: true,
  arrays: true,
  objects: true,
  oneofs: true,
  includeDirs: [PROTO_DIR],
};

/** The services of proto/, loaded once per thread. */
export const protos = protoTypesFromWire<AdminTypes & ControlTypes & DirectoryTypes & ExchangeTypes>(
  loadPackageDefinition(loadSync(['control.proto', 'admin.proto', 'directory.proto', 'exchange.proto'], OPTIONS)),
);

/** A service whose messages are raw bytes on both sides: what the data plane uses (proto/exchange.proto). */
export function withRawBytes(service: ServiceDefinition): ServiceDefinition {
  const identity = (bytes: Buffer): Buffer => bytes;
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      {
        ...method,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    ]),
  );
}
