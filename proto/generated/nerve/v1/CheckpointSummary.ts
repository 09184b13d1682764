// From proto/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface CheckpointSummary {
  'completed'?: (number | string | Long);
  'failed'?: (number | string | Long);
  'inProgress'?: (number);
  'lastCompletedId'?: (number | string | Long);
  'lastCompletedAtMs'?: (number | string | Long);
  'lastDurationMs'?: (number | string | Long);
  'lastSizeBytes'?: (number | string | Long);
  'lastFailure'?: (string);
  'lastFailureAtMs'?: (number | string | Long);
}

export interface CheckpointSummaryDecoded {
  'completed': (string);
  'failed': (string);
  'inProgress': (number);
  'lastCompletedId': (string);
  'lastCompletedAtMs': (string);
  'lastDurationMs': (string);
  'lastSizeBytes': (string);
  'lastFailure': (string);
  'lastFailureAtMs': (string);
}
