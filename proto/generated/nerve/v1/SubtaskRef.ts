// From proto/control.proto


export interface SubtaskRef {
  'vertexId'?: (string);
  'subtask'?: (number);
}

export interface SubtaskRefDecoded {
  'vertexId': (string);
  'subtask': (number);
}
