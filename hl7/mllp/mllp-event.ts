/** What a stream of MLLP bytes can do wrong. None of it stops the decoder. */
export type MllpFaultCode =
  | 'NOISE' // white space or control bytes between frames
  | 'MISSING_START_BLOCK' // data that no start block opened
  | 'MISSING_END_BLOCK' // a new start block before the end block
  | 'MISSING_TRAILING_CR' // an end block without its CR; the frame itself is delivered
  | 'TRUNCATED' // the stream ended inside a frame
  | 'EMPTY_FRAME' // some senders' keep-alive
  | 'TOO_LARGE'; // more bytes than the limit

export type MllpEvent =
  | {
      readonly kind: 'frame';
      /** The payload between start and end block; a view into the chunk where it came in one piece. */
      readonly bytes: Buffer;
      /** Offset of the payload in the stream, in bytes. */
      readonly position: number;
    }
  | {
      readonly kind: 'fault';
      readonly code: MllpFaultCode;
      /** What was not delivered, for the dead letter; empty where the code says that nothing was lost or it was too large. */
      readonly bytes: Buffer;
      /** How many bytes of the stream were skipped; may exceed `bytes.length` for TOO_LARGE. */
      readonly skipped: number;
      readonly position: number;
    };
