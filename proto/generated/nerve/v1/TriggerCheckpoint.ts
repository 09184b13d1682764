// From proto/control.proto

import type { SubtaskRef as _nerve_v1_SubtaskRef, SubtaskRefDecoded as _nerve_v1_SubtaskRefDecoded } from '../../nerve/v1/SubtaskRef.ts';
import type { Long } from '@grpc/proto-loader';

export interface TriggerCheckpoint {
  'jobId'?: (string);
  'attempt'?: (number);
  'checkpointId'?: (number | string | Long);
  'triggeredAtMs'?: (number | string | Long);
  'subtasks'?: (_nerve_v1_SubtaskRef)[];
  'final'?: (string);
  'completed'?: (number | string | Long);
}

export interface TriggerCheckpointDecoded {
  'jobId': (string);
  'attempt': (number);
  'checkpointId': (string);
  'triggeredAtMs': (string);
  'subtasks': (_nerve_v1_SubtaskRefDecoded)[];
  'final': (string);
  'completed': (string);
}
