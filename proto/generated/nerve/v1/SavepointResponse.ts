// From proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface SavepointResponse {
  'directory'?: (string);
  'checkpointId'?: (number | string | Long);
}

export interface SavepointResponseDecoded {
  'directory': (string);
  'checkpointId': (string);
}
