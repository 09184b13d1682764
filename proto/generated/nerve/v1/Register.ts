// From proto/control.proto

import type { AttemptReport as _nerve_v1_AttemptReport, AttemptReportDecoded as _nerve_v1_AttemptReportDecoded } from '../../nerve/v1/AttemptReport.ts';

export interface Register {
  'taskManagerId'?: (string);
  'incarnation'?: (string);
  'dataAddress'?: (string);
  'slots'?: (number);
  'version'?: (string);
  'attempts'?: (_nerve_v1_AttemptReport)[];
}

export interface RegisterDecoded {
  'taskManagerId': (string);
  'incarnation': (string);
  'dataAddress': (string);
  'slots': (number);
  'version': (string);
  'attempts': (_nerve_v1_AttemptReportDecoded)[];
}
