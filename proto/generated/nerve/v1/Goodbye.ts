// From proto/control.proto


export interface Goodbye {
  'reason'?: (string);
}

export interface GoodbyeDecoded {
  'reason': (string);
}
