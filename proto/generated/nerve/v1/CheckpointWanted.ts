// From proto/control.proto


export interface CheckpointWanted {
  'jobId'?: (string);
  'attempt'?: (number);
}

export interface CheckpointWantedDecoded {
  'jobId': (string);
  'attempt': (number);
}
