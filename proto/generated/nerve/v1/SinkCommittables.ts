// From proto/control.proto


export interface SinkCommittables {
  'sinkUid'?: (string);
  'committables'?: (string)[];
}

export interface SinkCommittablesDecoded {
  'sinkUid': (string);
  'committables': (string)[];
}
