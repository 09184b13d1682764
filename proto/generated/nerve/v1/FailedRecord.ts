// From proto/control.proto


export interface FailedRecord {
  'operator'?: (string);
  'fingerprint'?: (string);
  'error'?: (string);
  'hasQuarantine'?: (boolean);
}

export interface FailedRecordDecoded {
  'operator': (string);
  'fingerprint': (string);
  'error': (string);
  'hasQuarantine': (boolean);
}
