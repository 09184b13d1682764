// From proto/control.proto

import type { OperatorSnapshot as _nerve_v1_OperatorSnapshot, OperatorSnapshotDecoded as _nerve_v1_OperatorSnapshotDecoded } from '../../nerve/v1/OperatorSnapshot.ts';

export interface SubtaskSnapshot {
  'vertexId'?: (string);
  'subtask'?: (number);
  'operators'?: (_nerve_v1_OperatorSnapshot)[];
}

export interface SubtaskSnapshotDecoded {
  'vertexId': (string);
  'subtask': (number);
  'operators': (_nerve_v1_OperatorSnapshotDecoded)[];
}
