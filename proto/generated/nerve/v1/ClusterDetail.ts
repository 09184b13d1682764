// From proto/admin.proto

import type { TaskManagerDetail as _nerve_v1_TaskManagerDetail, TaskManagerDetailDecoded as _nerve_v1_TaskManagerDetailDecoded } from '../../nerve/v1/TaskManagerDetail.ts';
import type { Long } from '@grpc/proto-loader';

export interface ClusterDetail {
  'leader'?: (string);
  'leaderEpoch'?: (number | string | Long);
  'taskManagers'?: (_nerve_v1_TaskManagerDetail)[];
  'version'?: (string);
}

export interface ClusterDetailDecoded {
  'leader': (string);
  'leaderEpoch': (string);
  'taskManagers': (_nerve_v1_TaskManagerDetailDecoded)[];
  'version': (string);
}
