// From proto/control.proto

import type { Long } from '@grpc/proto-loader';

export interface PreparedCommittable {
  'committable'?: (string);
  'preparedFor'?: (number | string | Long);
  'ageMs'?: (number | string | Long);
  'timeoutMs'?: (number | string | Long);
}

export interface PreparedCommittableDecoded {
  'committable': (string);
  'preparedFor': (string);
  'ageMs': (string);
  'timeoutMs': (string);
}
