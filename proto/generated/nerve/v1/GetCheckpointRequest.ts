// From proto/admin.proto


export interface GetCheckpointRequest {
  'jobId'?: (string);
}

export interface GetCheckpointRequestDecoded {
  'jobId': (string);
}
