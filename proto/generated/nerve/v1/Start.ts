// From proto/control.proto


export interface Start {
  'jobId'?: (string);
  'attempt'?: (number);
}

export interface StartDecoded {
  'jobId': (string);
  'attempt': (number);
}
