// From proto/admin.proto

import type { Failure as _nerve_v1_Failure, FailureDecoded as _nerve_v1_FailureDecoded } from '../../nerve/v1/Failure.ts';
import type { Long } from '@grpc/proto-loader';

export interface FailureRecord {
  'atMs'?: (number | string | Long);
  'attempt'?: (number);
  'where'?: (string);
  'failure'?: (_nerve_v1_Failure | null);
}

export interface FailureRecordDecoded {
  'atMs': (string);
  'attempt': (number);
  'where': (string);
  'failure': (_nerve_v1_FailureDecoded | null);
}
