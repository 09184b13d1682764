// From proto/control.proto


export interface Cancel {
  'jobId'?: (string);
  'attempt'?: (number);
}

export interface CancelDecoded {
  'jobId': (string);
  'attempt': (number);
}
