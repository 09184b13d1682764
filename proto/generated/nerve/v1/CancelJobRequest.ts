// From proto/admin.proto


export interface CancelJobRequest {
  'jobId'?: (string);
}

export interface CancelJobRequestDecoded {
  'jobId': (string);
}
