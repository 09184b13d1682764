// From proto/admin.proto


export interface ListSummary {
  'name'?: (string);
  'redistribution'?: (string);
  'elements'?: (number);
}

export interface ListSummaryDecoded {
  'name': (string);
  'redistribution': (string);
  'elements': (number);
}
