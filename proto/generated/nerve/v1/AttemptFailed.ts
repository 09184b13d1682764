// From proto/control.proto

import type { Failure as _nerve_v1_Failure, FailureDecoded as _nerve_v1_FailureDecoded } from '../../nerve/v1/Failure.ts';

export interface AttemptFailed {
  'jobId'?: (string);
  'attempt'?: (number);
  'failure'?: (_nerve_v1_Failure | null);
}

export interface AttemptFailedDecoded {
  'jobId': (string);
  'attempt': (number);
  'failure': (_nerve_v1_FailureDecoded | null);
}
