// From proto/admin.proto

import type { Failure as _nerve_v1_Failure, FailureDecoded as _nerve_v1_FailureDecoded } from '../../nerve/v1/Failure.ts';
import type { Long } from '@grpc/proto-loader';

export interface JobSummary {
  'jobId'?: (string);
  'name'?: (string);
  'state'?: (string);
  'attempt'?: (number);
  'submittedAtMs'?: (number | string | Long);
  'changedAtMs'?: (number | string | Long);
  'restarts'?: (number);
  'failure'?: (_nerve_v1_Failure | null);
  'schedulerMode'?: (string);
  'parallelism'?: (number);
  'slots'?: (number);
}

export interface JobSummaryDecoded {
  'jobId': (string);
  'name': (string);
  'state': (string);
  'attempt': (number);
  'submittedAtMs': (string);
  'changedAtMs': (string);
  'restarts': (number);
  'failure': (_nerve_v1_FailureDecoded | null);
  'schedulerMode': (string);
  'parallelism': (number);
  'slots': (number);
}
