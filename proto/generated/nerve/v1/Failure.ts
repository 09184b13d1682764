// From proto/control.proto


export interface Failure {
  'code'?: (string);
  'reaction'?: (string);
  'message'?: (string);
  'remedy'?: (string);
}

export interface FailureDecoded {
  'code': (string);
  'reaction': (string);
  'message': (string);
  'remedy': (string);
}
