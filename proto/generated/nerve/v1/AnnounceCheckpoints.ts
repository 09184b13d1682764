// From proto/control.proto

import type { Long } from '@grpc/proto-loader';

export interface AnnounceCheckpoints {
  'jobId'?: (string);
  'attempt'?: (number);
  'completed'?: (number | string | Long);
  'issued'?: (number | string | Long);
  'pending'?: (number | string | Long)[];
}

export interface AnnounceCheckpointsDecoded {
  'jobId': (string);
  'attempt': (number);
  'completed': (string);
  'issued': (string);
  'pending': (string)[];
}
