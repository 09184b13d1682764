// From proto/admin.proto


export interface TriggerSavepointRequest {
  'jobId'?: (string);
  'directory'?: (string);
}

export interface TriggerSavepointRequestDecoded {
  'jobId': (string);
  'directory': (string);
}
