/** A request of Kafka's protocol, encoded: what the connection puts behind its header. */
export interface ApiRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  /** Sent one after the other, not copied. */
  readonly chunks: readonly Buffer[];
  /** How long the broker itself may hold it before it answers, on top of the client's timeout. Milliseconds. */
  readonly holdMs: number;
}
