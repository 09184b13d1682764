import type { ControlElement } from '../../shared/stream-element.ts';
import type { OutputChannel } from './output-channel.ts';

/**
 * One edge as one producer subtask writes it: its channels to all consumer subtasks behind the edge's partitioning.
 */
export interface EdgeOutput {
  /** The edge's index in the job graph. */
  readonly edge: number;
  /** By consumer subtask; for a forward edge the single channel. */
  readonly channels: readonly OutputChannel[];
  /** True while every channel has a free buffer: a full one stops the whole edge, as its next record might be for it. */
  readonly isWritable: boolean;
  /**
   * Writes a record to the channel (or channels: broadcast) that the edge's partitioning picks. Always succeeds (I2 of
   * `OutputChannel`).
   * @throws StreamError `record-too-large`, `overdraft-exceeded`, `value-not-serializable`; what the key selector throws.
   */
  writeRecord(value: unknown, timestampMs: number | undefined): void;
  /** Writes a control element to every channel. */
  writeControl(element: ControlElement): void;
  /** Sends the frames being filled, as far as credit allows. */
  flush(): void;
  /** True when nothing written here waits to be sent. */
  readonly isDrained: boolean;
  /** Total bytes of frames sent since the start: `numBytesOut`. */
  readonly bytesSent: number;
  /** Frames that are full and wait for credit, over all channels: `outputQueueLength`. */
  readonly queuedFrames: number;
}
