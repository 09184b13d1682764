// From proto/control.proto

import type { Failure as _nerve_v1_Failure, FailureDecoded as _nerve_v1_FailureDecoded } from '../../nerve/v1/Failure.ts';
import type { MetricSample as _nerve_v1_MetricSample, MetricSampleDecoded as _nerve_v1_MetricSampleDecoded } from '../../nerve/v1/MetricSample.ts';

export interface TaskReport {
  'jobId'?: (string);
  'attempt'?: (number);
  'vertexId'?: (string);
  'subtask'?: (number);
  'state'?: (string);
  'failure'?: (_nerve_v1_Failure | null);
  'metrics'?: (_nerve_v1_MetricSample)[];
}

export interface TaskReportDecoded {
  'jobId': (string);
  'attempt': (number);
  'vertexId': (string);
  'subtask': (number);
  'state': (string);
  'failure': (_nerve_v1_FailureDecoded | null);
  'metrics': (_nerve_v1_MetricSampleDecoded)[];
}
