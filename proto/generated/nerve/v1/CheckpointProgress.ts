// From proto/control.proto

import type { SubtaskStage as _nerve_v1_SubtaskStage, SubtaskStageDecoded as _nerve_v1_SubtaskStageDecoded } from '../../nerve/v1/SubtaskStage.ts';
import type { Long } from '@grpc/proto-loader';

export interface CheckpointProgress {
  'jobId'?: (string);
  'attempt'?: (number);
  'checkpointId'?: (number | string | Long);
  'stages'?: (_nerve_v1_SubtaskStage)[];
}

export interface CheckpointProgressDecoded {
  'jobId': (string);
  'attempt': (number);
  'checkpointId': (string);
  'stages': (_nerve_v1_SubtaskStageDecoded)[];
}
