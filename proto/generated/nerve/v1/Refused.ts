// From proto/control.proto


export interface Refused {
  'code'?: (string);
  'message'?: (string);
}

export interface RefusedDecoded {
  'code': (string);
  'message': (string);
}
