// From proto/checkpoint.proto


export interface SplitPosition {
  'id'?: (string);
  'position'?: (string);
}

export interface SplitPositionDecoded {
  'id': (string);
  'position': (string);
}
