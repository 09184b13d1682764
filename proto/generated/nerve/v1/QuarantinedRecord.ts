// From proto/control.proto


export interface QuarantinedRecord {
  'operator'?: (string);
  'fingerprint'?: (string);
  'error'?: (string);
  'failures'?: (number);
}

export interface QuarantinedRecordDecoded {
  'operator': (string);
  'fingerprint': (string);
  'error': (string);
  'failures': (number);
}
