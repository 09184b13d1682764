// From proto/admin.proto


export interface SubmitJobResponse {
  'jobId'?: (string);
}

export interface SubmitJobResponseDecoded {
  'jobId': (string);
}
