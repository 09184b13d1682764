// From proto/admin.proto

import type { JobSummary as _nerve_v1_JobSummary, JobSummaryDecoded as _nerve_v1_JobSummaryDecoded } from '../../nerve/v1/JobSummary.ts';

export interface ListJobsResponse {
  'jobs'?: (_nerve_v1_JobSummary)[];
}

export interface ListJobsResponseDecoded {
  'jobs': (_nerve_v1_JobSummaryDecoded)[];
}
