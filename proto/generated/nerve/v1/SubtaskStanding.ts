// From proto/control.proto

import type { SplitPosition as _nerve_v1_SplitPosition, SplitPositionDecoded as _nerve_v1_SplitPositionDecoded } from '../../nerve/v1/SplitPosition.ts';
import type { Long } from '@grpc/proto-loader';

export interface SubtaskStanding {
  'vertexId'?: (string);
  'subtask'?: (number);
  'state'?: (string);
  'slot'?: (number);
  'assignment'?: (number | string | Long);
  'splits'?: (_nerve_v1_SplitPosition)[];
}

export interface SubtaskStandingDecoded {
  'vertexId': (string);
  'subtask': (number);
  'state': (string);
  'slot': (number);
  'assignment': (string);
  'splits': (_nerve_v1_SplitPositionDecoded)[];
}
