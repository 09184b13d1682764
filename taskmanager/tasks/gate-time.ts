import type { ControlElement, TimeElement } from '../../shared/stream-element.ts';
import { WatermarkValve } from '../input/watermark-valve.ts';

/** How far the event time of a gate's channels is, and which of them have ended. */
export class GateTime {
  readonly #valve: WatermarkValve;
  readonly #channelCount: number;
  readonly #ended = new Set<number>();

  constructor(channelCount: number) {
    this.#channelCount = channelCount;
    this.#valve = new WatermarkValve(channelCount);
  }

  /** No record will come on any channel. */
  get haveRecordsEnded(): boolean {
    return this.#ended.size === this.#channelCount;
  }

  /** What a control element means for the time of the subtask: what goes on from here, in order. */
  on(channel: number, element: ControlElement): readonly TimeElement[] {
    switch (element.kind) {
      case 'watermark':
        return this.#valve.watermark(channel, element.timestampMs);
      case 'watermark-status':
        return element.status === 'idle' ? this.#valve.idle(channel) : this.#valve.active(channel);
      case 'end-of-records':
        this.#ended.add(channel);
        return this.#valve.finished(channel);
      case 'end-of-input':
        // Without `end-of-records` before it the job was stopped: its time goes on when it is resumed.
        this.#ended.add(channel);
        return [];
      case 'barrier':
      case 'cancel-marker':
        return [];
    }
  }
}
