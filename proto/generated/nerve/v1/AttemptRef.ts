// From proto/control.proto


export interface AttemptRef {
  'jobId'?: (string);
  'attempt'?: (number);
}

export interface AttemptRefDecoded {
  'jobId': (string);
  'attempt': (number);
}
