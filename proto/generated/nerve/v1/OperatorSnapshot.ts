// From proto/control.proto

import type { StateEntryInfo as _nerve_v1_StateEntryInfo, StateEntryInfoDecoded as _nerve_v1_StateEntryInfoDecoded } from '../../nerve/v1/StateEntryInfo.ts';
import type { KeyedSnapshot as _nerve_v1_KeyedSnapshot, KeyedSnapshotDecoded as _nerve_v1_KeyedSnapshotDecoded } from '../../nerve/v1/KeyedSnapshot.ts';
import type { OperatorList as _nerve_v1_OperatorList, OperatorListDecoded as _nerve_v1_OperatorListDecoded } from '../../nerve/v1/OperatorList.ts';
import type { SplitPosition as _nerve_v1_SplitPosition, SplitPositionDecoded as _nerve_v1_SplitPositionDecoded } from '../../nerve/v1/SplitPosition.ts';
import type { PreparedCommittable as _nerve_v1_PreparedCommittable, PreparedCommittableDecoded as _nerve_v1_PreparedCommittableDecoded } from '../../nerve/v1/PreparedCommittable.ts';
import type { Long } from '@grpc/proto-loader';

export interface OperatorSnapshot {
  'uid'?: (string);
  'states'?: (_nerve_v1_StateEntryInfo)[];
  'keyed'?: (_nerve_v1_KeyedSnapshot | null);
  'lists'?: (_nerve_v1_OperatorList)[];
  'splits'?: (_nerve_v1_SplitPosition)[];
  'committables'?: (_nerve_v1_PreparedCommittable)[];
  'finished'?: (boolean);
  'watermarkMs'?: (number | string | Long);
  'hasWatermark'?: (boolean);
}

export interface OperatorSnapshotDecoded {
  'uid': (string);
  'states': (_nerve_v1_StateEntryInfoDecoded)[];
  'keyed': (_nerve_v1_KeyedSnapshotDecoded | null);
  'lists': (_nerve_v1_OperatorListDecoded)[];
  'splits': (_nerve_v1_SplitPositionDecoded)[];
  'committables': (_nerve_v1_PreparedCommittableDecoded)[];
  'finished': (boolean);
  'watermarkMs': (string);
  'hasWatermark': (boolean);
}
