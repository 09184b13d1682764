// From proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface RescaleJobResponse {
  'attempt'?: (number);
  'checkpointId'?: (number | string | Long);
}

export interface RescaleJobResponseDecoded {
  'attempt': (number);
  'checkpointId': (string);
}
