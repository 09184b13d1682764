// From proto/control.proto


export interface ArtifactRequest {
  'sha256'?: (string);
}

export interface ArtifactRequestDecoded {
  'sha256': (string);
}
