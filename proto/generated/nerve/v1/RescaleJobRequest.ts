// From proto/admin.proto


export interface RescaleJobRequest {
  'jobId'?: (string);
  'defaultParallelism'?: (number);
  'operatorParallelism'?: ({[key: string]: number});
}

export interface RescaleJobRequestDecoded {
  'jobId': (string);
  'defaultParallelism': (number);
  'operatorParallelism': ({[key: string]: number});
}
