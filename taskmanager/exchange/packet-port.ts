/**
 * One end of an ordered, lossless pipe between two threads.
 * Guarantees: packets arrive in the order of `post`, each once, as bytes of their own (never shared, never reused);
 * everything posted before a close arrives before `onClose`. Does not guarantee: when.
 */
export interface PacketPort {
  /** `packet` is copied before `post` returns; the caller may reuse it. */
  post(packet: Uint8Array): void;
  /** Starts the delivery. Called once. */
  listen(handlers: PacketPortHandlers): void;
  close(): void;
}

export interface PacketPortHandlers {
  readonly onPacket: (packet: Buffer) => void;
  /** The other end closed, or its thread ended. Not called after a `close` from this side. */
  readonly onClose: () => void;
}
