// From proto/admin.proto


export interface SubmitJobRequest {
  'module'?: (Buffer | Uint8Array | string);
  'modulePath'?: (string);
  'arguments'?: ({[key: string]: string});
  'defaultParallelism'?: (number);
  'maxParallelism'?: (number);
  'jobId'?: (string);
  'fromSavepoint'?: (string);
  'allowNonRestoredState'?: (boolean);
  'schedulerMode'?: (string);
  'leastParallelism'?: (number);
}

export interface SubmitJobRequestDecoded {
  'module': (Buffer);
  'modulePath': (string);
  'arguments': ({[key: string]: string});
  'defaultParallelism': (number);
  'maxParallelism': (number);
  'jobId': (string);
  'fromSavepoint': (string);
  'allowNonRestoredState': (boolean);
  'schedulerMode': (string);
  'leastParallelism': (number);
}
