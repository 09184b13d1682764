// From proto/checkpoint.proto

import type { Long } from '@grpc/proto-loader';

export interface StateHandle {
  'kind'?: (string);
  'relativePath'?: (string);
  'key'?: (string);
  'inline'?: (Buffer | Uint8Array | string);
  'length'?: (number | string | Long);
  'sha256'?: (string);
  'firstKeyGroup'?: (number);
  'lastKeyGroup'?: (number);
  'fromCheckpoint'?: (number | string | Long);
  'fromPart'?: (number);
  'toCheckpoint'?: (number | string | Long);
  'toPart'?: (number);
  'at'?: "relativePath"|"key"|"inline";
}

export interface StateHandleDecoded {
  'kind': (string);
  'relativePath'?: (string);
  'key'?: (string);
  'inline'?: (Buffer);
  'length': (string);
  'sha256': (string);
  'firstKeyGroup': (number);
  'lastKeyGroup': (number);
  'fromCheckpoint': (string);
  'fromPart': (number);
  'toCheckpoint': (string);
  'toPart': (number);
  'at'?: "relativePath"|"key"|"inline";
}
