// From proto/control.proto

import type { Long } from '@grpc/proto-loader';

export interface HeartbeatAck {
  'sentAtMs'?: (number | string | Long);
}

export interface HeartbeatAckDecoded {
  'sentAtMs': (string);
}
