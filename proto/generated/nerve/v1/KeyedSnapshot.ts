// From proto/control.proto

import type { StateHandle as _nerve_v1_StateHandle, StateHandleDecoded as _nerve_v1_StateHandleDecoded } from '../../nerve/v1/StateHandle.ts';
import type { Long } from '@grpc/proto-loader';

export interface KeyedSnapshot {
  'since'?: (number | string | Long);
  'kept'?: (number)[];
  'added'?: (_nerve_v1_StateHandle)[];
}

export interface KeyedSnapshotDecoded {
  'since': (string);
  'kept': (number)[];
  'added': (_nerve_v1_StateHandleDecoded)[];
}
