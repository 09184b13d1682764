// From proto/checkpoint.proto

import type { OperatorState as _nerve_v1_OperatorState, OperatorStateDecoded as _nerve_v1_OperatorStateDecoded } from '../../nerve/v1/OperatorState.ts';
import type { Long } from '@grpc/proto-loader';

export interface CheckpointMetadata {
  'format'?: (number);
  'jobId'?: (string);
  'checkpointId'?: (number | string | Long);
  'kind'?: (string);
  'leaderEpoch'?: (number | string | Long);
  'attempt'?: (number);
  'triggeredAtMs'?: (number | string | Long);
  'completedAtMs'?: (number | string | Long);
  'lineage'?: (string);
  'fingerprint'?: (string);
  'artifact'?: (string);
  'operators'?: (_nerve_v1_OperatorState)[];
}

export interface CheckpointMetadataDecoded {
  'format': (number);
  'jobId': (string);
  'checkpointId': (string);
  'kind': (string);
  'leaderEpoch': (string);
  'attempt': (number);
  'triggeredAtMs': (string);
  'completedAtMs': (string);
  'lineage': (string);
  'fingerprint': (string);
  'artifact': (string);
  'operators': (_nerve_v1_OperatorStateDecoded)[];
}
