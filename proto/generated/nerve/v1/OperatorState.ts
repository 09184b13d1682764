// From proto/checkpoint.proto

import type { StateEntryInfo as _nerve_v1_StateEntryInfo, StateEntryInfoDecoded as _nerve_v1_StateEntryInfoDecoded } from '../../nerve/v1/StateEntryInfo.ts';
import type { SubtaskState as _nerve_v1_SubtaskState, SubtaskStateDecoded as _nerve_v1_SubtaskStateDecoded } from '../../nerve/v1/SubtaskState.ts';

export interface OperatorState {
  'uid'?: (string);
  'name'?: (string);
  'parallelism'?: (number);
  'maxParallelism'?: (number);
  'hashId'?: (string);
  'states'?: (_nerve_v1_StateEntryInfo)[];
  'subtasks'?: (_nerve_v1_SubtaskState)[];
  'coordinatorState'?: (string);
}

export interface OperatorStateDecoded {
  'uid': (string);
  'name': (string);
  'parallelism': (number);
  'maxParallelism': (number);
  'hashId': (string);
  'states': (_nerve_v1_StateEntryInfoDecoded)[];
  'subtasks': (_nerve_v1_SubtaskStateDecoded)[];
  'coordinatorState': (string);
}
