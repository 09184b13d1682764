// From proto/control.proto

import type { SubtaskRef as _nerve_v1_SubtaskRef, SubtaskRefDecoded as _nerve_v1_SubtaskRefDecoded } from '../../nerve/v1/SubtaskRef.ts';
import type { Long } from '@grpc/proto-loader';

export interface DeclineCheckpoint {
  'jobId'?: (string);
  'attempt'?: (number);
  'checkpointId'?: (number | string | Long);
  'subtask'?: (_nerve_v1_SubtaskRef | null);
  'cause'?: (string);
  'detail'?: (string);
}

export interface DeclineCheckpointDecoded {
  'jobId': (string);
  'attempt': (number);
  'checkpointId': (string);
  'subtask': (_nerve_v1_SubtaskRefDecoded | null);
  'cause': (string);
  'detail': (string);
}
