/**
 * The bounds of the exchange, the same in every process of a cluster: both ends of a channel derive its frame size and its
 * credits from them and the job graph (channel-plan.ts).
 */
export interface ExchangeLimits {
  /** Size of a frame with its header (`taskmanager.memory.segment-size` in Flink); smaller ones are used at large fan-out. */
  readonly frameBytes: number;
  /** Most data frames under way in one channel; fewer are used at large fan-in, never below 2 (or this, if less). */
  readonly creditsMax: number;
  /** Full frames a producer keeps for one channel before its subtask is not run any more. */
  readonly queuedFramesMax: number;
  /** Largest serialized record; a larger one is an error of the operator that wrote it. */
  readonly recordBytesMax: number;
  /** Most bytes that one channel may hold unsent: what one record or timer can emit beyond the queue. */
  readonly overdraftBytesMax: number;
}

export const defaultExchangeLimits: ExchangeLimits = {
  frameBytes: 32 * 1024,
  creditsMax: 8,
  queuedFramesMax: 2,
  recordBytesMax: 32 * 1024 * 1024,
  overdraftBytesMax: 128 * 1024 * 1024,
};

/** What two processes must have in common to share a channel, for people to compare. */
export function describeLimits({ frameBytes, creditsMax, recordBytesMax }: ExchangeLimits): string {
  return `frames of ${frameBytes} bytes, ${creditsMax} credits, records up to ${recordBytesMax} bytes`;
}
