// From proto/control.proto

import type { JobModule as _nerve_v1_JobModule, JobModuleDecoded as _nerve_v1_JobModuleDecoded } from '../../nerve/v1/JobModule.ts';
import type { SubtaskStanding as _nerve_v1_SubtaskStanding, SubtaskStandingDecoded as _nerve_v1_SubtaskStandingDecoded } from '../../nerve/v1/SubtaskStanding.ts';
import type { Long } from '@grpc/proto-loader';

export interface AttemptReport {
  'jobId'?: (string);
  'attempt'?: (number);
  'phase'?: (string);
  'fingerprint'?: (string);
  'module'?: (_nerve_v1_JobModule | null);
  'deployedBy'?: (number | string | Long);
  'completed'?: (number | string | Long);
  'subtasks'?: (_nerve_v1_SubtaskStanding)[];
}

export interface AttemptReportDecoded {
  'jobId': (string);
  'attempt': (number);
  'phase': (string);
  'fingerprint': (string);
  'module': (_nerve_v1_JobModuleDecoded | null);
  'deployedBy': (string);
  'completed': (string);
  'subtasks': (_nerve_v1_SubtaskStandingDecoded)[];
}
