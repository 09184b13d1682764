// From proto/admin.proto

import type { JobSummary as _nerve_v1_JobSummary, JobSummaryDecoded as _nerve_v1_JobSummaryDecoded } from '../../nerve/v1/JobSummary.ts';
import type { SubtaskDetail as _nerve_v1_SubtaskDetail, SubtaskDetailDecoded as _nerve_v1_SubtaskDetailDecoded } from '../../nerve/v1/SubtaskDetail.ts';
import type { MetricSample as _nerve_v1_MetricSample, MetricSampleDecoded as _nerve_v1_MetricSampleDecoded } from '../../nerve/v1/MetricSample.ts';
import type { FailureRecord as _nerve_v1_FailureRecord, FailureRecordDecoded as _nerve_v1_FailureRecordDecoded } from '../../nerve/v1/FailureRecord.ts';
import type { CheckpointSummary as _nerve_v1_CheckpointSummary, CheckpointSummaryDecoded as _nerve_v1_CheckpointSummaryDecoded } from '../../nerve/v1/CheckpointSummary.ts';
import type { QuarantinedRecord as _nerve_v1_QuarantinedRecord, QuarantinedRecordDecoded as _nerve_v1_QuarantinedRecordDecoded } from '../../nerve/v1/QuarantinedRecord.ts';

export interface JobDetail {
  'summary'?: (_nerve_v1_JobSummary | null);
  'subtasks'?: (_nerve_v1_SubtaskDetail)[];
  'metrics'?: (_nerve_v1_MetricSample)[];
  'planJson'?: (string);
  'failures'?: (_nerve_v1_FailureRecord)[];
  'checkpoints'?: (_nerve_v1_CheckpointSummary | null);
  'quarantined'?: (_nerve_v1_QuarantinedRecord)[];
}

export interface JobDetailDecoded {
  'summary': (_nerve_v1_JobSummaryDecoded | null);
  'subtasks': (_nerve_v1_SubtaskDetailDecoded)[];
  'metrics': (_nerve_v1_MetricSampleDecoded)[];
  'planJson': (string);
  'failures': (_nerve_v1_FailureRecordDecoded)[];
  'checkpoints': (_nerve_v1_CheckpointSummaryDecoded | null);
  'quarantined': (_nerve_v1_QuarantinedRecordDecoded)[];
}
