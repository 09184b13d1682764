// From proto/admin.proto


export interface StopJobRequest {
  'jobId'?: (string);
  'directory'?: (string);
  'drain'?: (boolean);
}

export interface StopJobRequestDecoded {
  'jobId': (string);
  'directory': (string);
  'drain': (boolean);
}
