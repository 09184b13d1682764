// From proto/control.proto


export interface JobModule {
  'artifactSha256'?: (string);
  'path'?: (string);
  'at'?: "artifactSha256"|"path";
}

export interface JobModuleDecoded {
  'artifactSha256'?: (string);
  'path'?: (string);
  'at'?: "artifactSha256"|"path";
}
