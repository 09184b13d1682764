// From proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface CollectedObjects {
  'reason'?: (string);
  'objects'?: (number);
  'bytes'?: (number | string | Long);
  'keys'?: (string)[];
}

export interface CollectedObjectsDecoded {
  'reason': (string);
  'objects': (number);
  'bytes': (string);
  'keys': (string)[];
}
