// From proto/control.proto

import type { Long } from '@grpc/proto-loader';

export interface RestoreHandle {
  'checkpointId'?: (number | string | Long);
  'metadataKey'?: (string);
}

export interface RestoreHandleDecoded {
  'checkpointId': (string);
  'metadataKey': (string);
}
