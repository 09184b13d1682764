// From proto/admin.proto


export interface GetJobRequest {
  'jobId'?: (string);
  'withPlan'?: (boolean);
  'withMetrics'?: (boolean);
}

export interface GetJobRequestDecoded {
  'jobId': (string);
  'withPlan': (boolean);
  'withMetrics': (boolean);
}
