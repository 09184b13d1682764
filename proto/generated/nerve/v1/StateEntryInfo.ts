// From proto/checkpoint.proto


export interface StateEntryInfo {
  'name'?: (string);
  'id'?: (number);
  'kind'?: (string);
  'version'?: (number);
  'serializer'?: (string);
}

export interface StateEntryInfoDecoded {
  'name': (string);
  'id': (number);
  'kind': (string);
  'version': (number);
  'serializer': (string);
}
