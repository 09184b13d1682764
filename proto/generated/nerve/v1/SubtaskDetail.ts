// From proto/admin.proto


export interface SubtaskDetail {
  'vertexId'?: (string);
  'subtask'?: (number);
  'state'?: (string);
  'taskManagerId'?: (string);
  'slotIndex'?: (number);
}

export interface SubtaskDetailDecoded {
  'vertexId': (string);
  'subtask': (number);
  'state': (string);
  'taskManagerId': (string);
  'slotIndex': (number);
}
