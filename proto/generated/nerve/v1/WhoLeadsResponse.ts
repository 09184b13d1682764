// From proto/directory.proto

import type { Long } from '@grpc/proto-loader';

export interface WhoLeadsResponse {
  'leads'?: (boolean);
  'address'?: (string);
  'leaderEpoch'?: (number | string | Long);
  'sinceMs'?: (number | string | Long);
}

export interface WhoLeadsResponseDecoded {
  'leads': (boolean);
  'address': (string);
  'leaderEpoch': (string);
  'sinceMs': (string);
}
