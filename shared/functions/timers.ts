/**
 * Timers of one key: part of the state, so they survive failures and rescaling. A timer is a time; registering the same one
 * twice is registering it once. Times are epoch milliseconds.
 */
export interface Timers {
  /** Fires when the watermark reaches it; when it has passed already, with the next watermark. */
  registerEventTime(timestamp: number): void;
  registerProcessingTime(timestamp: number): void;
  deleteEventTime(timestamp: number): void;
  deleteProcessingTime(timestamp: number): void;
  /** No record at or below it is expected any more; undefined before the first watermark. */
  readonly currentWatermark: number | undefined;
  readonly currentProcessingTime: number;
}
