// From proto/checkpoint.proto


export interface SplitPosition {
  'id'?: (string);
  'position'?: (string);
  'finished'?: (boolean);
}

export interface SplitPositionDecoded {
  'id': (string);
  'position': (string);
  'finished': (boolean);
}
