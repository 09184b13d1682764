// From proto/exchange.proto


export interface RawFrame {
  'bytes'?: (Buffer | Uint8Array | string);
}

export interface RawFrameDecoded {
  'bytes': (Buffer);
}
