// From proto/control.proto


export interface ArtifactChunk {
  'data'?: (Buffer | Uint8Array | string);
}

export interface ArtifactChunkDecoded {
  'data': (Buffer);
}
