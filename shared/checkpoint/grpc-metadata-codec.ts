import { join } from 'node:path';
import { loadSync } from '@grpc/proto-loader';
import type {
  CheckpointMetadata,
  CheckpointMetadataDecoded,
} from '../../proto/generated/nerve/v1/CheckpointMetadata.ts';
import { required } from '../invariant.ts';
import { messageFromWire } from './metadata-wire.ts';

const OPTIONS = { longs: String, enums: String, defaults: true, arrays: true, objects: true, oneofs: true };
const definition = loadSync(join(import.meta.dirname, '../../proto/checkpoint.proto'), OPTIONS);
const message = messageFromWire<CheckpointMetadata, CheckpointMetadataDecoded>(
  required(definition['nerve.v1.CheckpointMetadata'], 'the message CheckpointMetadata of proto/checkpoint.proto'),
);

/** Protobuf bytes of the metadata message. */
export function encodeMetadata(value: CheckpointMetadata): Buffer {
  return message.serialize(value);
}

/** Throws on bytes that are no such message. */
export function decodeMetadata(bytes: Buffer): CheckpointMetadataDecoded {
  return message.deserialize(bytes);
}
