// From proto/control.proto

import type { Long } from '@grpc/proto-loader';

export interface CheckpointCompleted {
  'jobId'?: (string);
  'attempt'?: (number);
  'checkpointId'?: (number | string | Long);
}

export interface CheckpointCompletedDecoded {
  'jobId': (string);
  'attempt': (number);
  'checkpointId': (string);
}
