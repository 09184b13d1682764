// From proto/control.proto


export interface Split {
  'id'?: (string);
  'position'?: (string);
}

export interface SplitDecoded {
  'id': (string);
  'position': (string);
}
