// From proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface TaskManagerDetail {
  'id'?: (string);
  'incarnation'?: (string);
  'dataAddress'?: (string);
  'slots'?: (number);
  'freeSlots'?: (number);
  'lastHeartbeatMsAgo'?: (number | string | Long);
}

export interface TaskManagerDetailDecoded {
  'id': (string);
  'incarnation': (string);
  'dataAddress': (string);
  'slots': (number);
  'freeSlots': (number);
  'lastHeartbeatMsAgo': (string);
}
