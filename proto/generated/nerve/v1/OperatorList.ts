// From proto/checkpoint.proto


export interface OperatorList {
  'name'?: (string);
  'redistribution'?: (string);
  'elements'?: (Buffer | Uint8Array | string)[];
}

export interface OperatorListDecoded {
  'name': (string);
  'redistribution': (string);
  'elements': (Buffer)[];
}
