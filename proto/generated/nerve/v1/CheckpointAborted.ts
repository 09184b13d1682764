// From proto/control.proto

import type { Long } from '@grpc/proto-loader';

export interface CheckpointAborted {
  'jobId'?: (string);
  'attempt'?: (number);
  'checkpointId'?: (number | string | Long);
}

export interface CheckpointAbortedDecoded {
  'jobId': (string);
  'attempt': (number);
  'checkpointId': (string);
}
