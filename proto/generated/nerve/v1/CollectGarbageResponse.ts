// From proto/admin.proto

import type { CollectedJob as _nerve_v1_CollectedJob, CollectedJobDecoded as _nerve_v1_CollectedJobDecoded } from '../../nerve/v1/CollectedJob.ts';

export interface CollectGarbageResponse {
  'jobs'?: (_nerve_v1_CollectedJob)[];
  'unknownJobs'?: (string)[];
}

export interface CollectGarbageResponseDecoded {
  'jobs': (_nerve_v1_CollectedJobDecoded)[];
  'unknownJobs': (string)[];
}
