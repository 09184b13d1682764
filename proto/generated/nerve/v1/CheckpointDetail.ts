// From proto/admin.proto

import type { OperatorStateSummary as _nerve_v1_OperatorStateSummary, OperatorStateSummaryDecoded as _nerve_v1_OperatorStateSummaryDecoded } from '../../nerve/v1/OperatorStateSummary.ts';
import type { Long } from '@grpc/proto-loader';

export interface CheckpointDetail {
  'jobId'?: (string);
  'checkpointId'?: (number | string | Long);
  'kind'?: (string);
  'directory'?: (string);
  'triggeredAtMs'?: (number | string | Long);
  'completedAtMs'?: (number | string | Long);
  'operators'?: (_nerve_v1_OperatorStateSummary)[];
}

export interface CheckpointDetailDecoded {
  'jobId': (string);
  'checkpointId': (string);
  'kind': (string);
  'directory': (string);
  'triggeredAtMs': (string);
  'completedAtMs': (string);
  'operators': (_nerve_v1_OperatorStateSummaryDecoded)[];
}
