/**
 * One end of an ordered, lossless pipe between two threads.
 * Guarantees: packets arrive in the order of `post`, each once, as bytes of their own (never shared, never reused);
 * everything posted before a close arrives before `onClose`. Does not guarantee: when.
 */
export interface PacketPort {
  /** `packet` is copied before `post` returns; the caller may reuse it. */
  post(packet: Buffer): void;
  /**
   * The same for memory that nobody will change: leaves at the end of the running turn of the event loop, together with
   * whatever else is posted until then. Waking a thread costs more than copying a frame (measured: 30 µs against 5).
   */
  postWithOthers(packet: Buffer): void;
  /** Calls back once when the running turn of the event loop ends: small packets of a turn are posted together. */
  atEndOfTurn(callback: () => void): void;
  /** Starts the delivery. Called once. */
  listen(handlers: PacketPortHandlers): void;
  /** Delivers at once what the other end has posted. */
  drain(): void;
  close(): void;
}

export interface PacketPortHandlers {
  readonly onPacket: (packet: Buffer) => void;
  /** The other end closed, or its thread ended. Not called after a `close` from this side. */
  readonly onClose: () => void;
}
