// From proto/control.proto

import type { FailedRecord as _nerve_v1_FailedRecord, FailedRecordDecoded as _nerve_v1_FailedRecordDecoded } from '../../nerve/v1/FailedRecord.ts';

export interface Failure {
  'code'?: (string);
  'reaction'?: (string);
  'message'?: (string);
  'remedy'?: (string);
  'record'?: (_nerve_v1_FailedRecord | null);
}

export interface FailureDecoded {
  'code': (string);
  'reaction': (string);
  'message': (string);
  'remedy': (string);
  'record': (_nerve_v1_FailedRecordDecoded | null);
}
