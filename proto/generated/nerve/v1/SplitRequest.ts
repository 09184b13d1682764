// From proto/control.proto


export interface SplitRequest {
  'jobId'?: (string);
  'attempt'?: (number);
  'vertexId'?: (string);
  'subtask'?: (number);
}

export interface SplitRequestDecoded {
  'jobId': (string);
  'attempt': (number);
  'vertexId': (string);
  'subtask': (number);
}
