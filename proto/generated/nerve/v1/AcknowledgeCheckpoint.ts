// From proto/control.proto

import type { SubtaskSnapshot as _nerve_v1_SubtaskSnapshot, SubtaskSnapshotDecoded as _nerve_v1_SubtaskSnapshotDecoded } from '../../nerve/v1/SubtaskSnapshot.ts';
import type { Long } from '@grpc/proto-loader';

export interface AcknowledgeCheckpoint {
  'jobId'?: (string);
  'attempt'?: (number);
  'checkpointId'?: (number | string | Long);
  'subtasks'?: (_nerve_v1_SubtaskSnapshot)[];
}

export interface AcknowledgeCheckpointDecoded {
  'jobId': (string);
  'attempt': (number);
  'checkpointId': (string);
  'subtasks': (_nerve_v1_SubtaskSnapshotDecoded)[];
}
