// From proto/control.proto


export interface MetricSample {
  'name'?: (string);
  'kind'?: (string);
  'labels'?: ({[key: string]: string});
  'value'?: (number | string);
}

export interface MetricSampleDecoded {
  'name': (string);
  'kind': (string);
  'labels': ({[key: string]: string});
  'value': (number);
}
