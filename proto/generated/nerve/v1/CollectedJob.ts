// From proto/admin.proto

import type { CollectedObjects as _nerve_v1_CollectedObjects, CollectedObjectsDecoded as _nerve_v1_CollectedObjectsDecoded } from '../../nerve/v1/CollectedObjects.ts';
import type { Failure as _nerve_v1_Failure, FailureDecoded as _nerve_v1_FailureDecoded } from '../../nerve/v1/Failure.ts';
import type { Long } from '@grpc/proto-loader';

export interface CollectedJob {
  'jobId'?: (string);
  'garbage'?: (_nerve_v1_CollectedObjects)[];
  'keptObjects'?: (number);
  'keptBytes'?: (number | string | Long);
  'failure'?: (_nerve_v1_Failure | null);
}

export interface CollectedJobDecoded {
  'jobId': (string);
  'garbage': (_nerve_v1_CollectedObjectsDecoded)[];
  'keptObjects': (number);
  'keptBytes': (string);
  'failure': (_nerve_v1_FailureDecoded | null);
}
