// From proto/admin.proto


export interface SubmitJobResponse {
  'jobId'?: (string);
  'leftBehind'?: (string)[];
}

export interface SubmitJobResponseDecoded {
  'jobId': (string);
  'leftBehind': (string)[];
}
