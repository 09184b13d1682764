// From proto/admin.proto


export interface CollectGarbageRequest {
  'jobId'?: (string);
  'dryRun'?: (boolean);
  'includeUnknownJobs'?: (boolean);
}

export interface CollectGarbageRequestDecoded {
  'jobId': (string);
  'dryRun': (boolean);
  'includeUnknownJobs': (boolean);
}
