// From proto/control.proto


export interface AttemptEnded {
  'jobId'?: (string);
  'attempt'?: (number);
}

export interface AttemptEndedDecoded {
  'jobId': (string);
  'attempt': (number);
}
