// From proto/admin.proto


export interface StateSummary {
  'name'?: (string);
  'kind'?: (string);
  'version'?: (number);
  'serializer'?: (string);
}

export interface StateSummaryDecoded {
  'name': (string);
  'kind': (string);
  'version': (number);
  'serializer': (string);
}
