// From proto/checkpoint.proto

import type { StateHandle as _nerve_v1_StateHandle, StateHandleDecoded as _nerve_v1_StateHandleDecoded } from '../../nerve/v1/StateHandle.ts';
import type { OperatorList as _nerve_v1_OperatorList, OperatorListDecoded as _nerve_v1_OperatorListDecoded } from '../../nerve/v1/OperatorList.ts';
import type { SplitPosition as _nerve_v1_SplitPosition, SplitPositionDecoded as _nerve_v1_SplitPositionDecoded } from '../../nerve/v1/SplitPosition.ts';
import type { Long } from '@grpc/proto-loader';

export interface SubtaskState {
  'keyed'?: (_nerve_v1_StateHandle)[];
  'lists'?: (_nerve_v1_OperatorList)[];
  'splits'?: (_nerve_v1_SplitPosition)[];
  'committables'?: (string)[];
  'finished'?: (boolean);
  'watermarkMs'?: (number | string | Long);
  'hasWatermark'?: (boolean);
}

export interface SubtaskStateDecoded {
  'keyed': (_nerve_v1_StateHandleDecoded)[];
  'lists': (_nerve_v1_OperatorListDecoded)[];
  'splits': (_nerve_v1_SplitPositionDecoded)[];
  'committables': (string)[];
  'finished': (boolean);
  'watermarkMs': (string);
  'hasWatermark': (boolean);
}
