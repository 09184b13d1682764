import { required } from '../../shared/invariant.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import type { EdgeOutput } from './edge-output.ts';
import type { FrameWriter } from './frame-writer.ts';
import { EVERY_CHANNEL } from './partitioner.ts';
import type { Partitioner } from './partitioner.ts';

/** Counts the channels of one edge that are not writable; shared with the channels (`onWritable`). */
export class FullChannels {
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  readonly onWritable = (isWritable: boolean): void => {
    this.#count += isWritable ? -1 : 1;
  };
}

export interface EdgeWriterOptions {
  readonly edge: number;
  readonly channels: readonly FrameWriter[];
  readonly partitioner: Partitioner;
  readonly serializer: Serializer<unknown>;
  readonly full: FullChannels;
}

/** One edge as one producer subtask writes it. */
export class EdgeWriter implements EdgeOutput {
  readonly edge: number;
  readonly channels: readonly FrameWriter[];
  readonly #partitioner: Partitioner;
  readonly #serializer: Serializer<unknown>;
  readonly #full: FullChannels;

  constructor(options: EdgeWriterOptions) {
    this.edge = options.edge;
    this.channels = options.channels;
    this.#partitioner = options.partitioner;
    this.#serializer = options.serializer;
    this.#full = options.full;
  }

  get isWritable(): boolean {
    return this.#full.isEmpty;
  }

  get isDrained(): boolean {
    return this.channels.every((channel) => channel.isDrained);
  }

  get bytesSent(): number {
    return this.channels.reduce((sum, channel) => sum + channel.bytesSent, 0);
  }

  get queuedFrames(): number {
    return this.channels.reduce((sum, channel) => sum + channel.queuedFrames, 0);
  }

  writeRecord(value: unknown, timestampMs: number | undefined): void {
    const index = this.#partitioner.channelOf(value);
    if (index !== EVERY_CHANNEL) {
      const channel = required(this.channels[index], 'the channel that the partitioner chose');
      channel.writeRecord(value, timestampMs, this.#partitioner.keyBytes);
      return;
    }
    const bytes = this.#serializer.encode(value);
    for (const channel of this.channels) {
      channel.writeEncoded(bytes, timestampMs, undefined);
    }
  }

  writeControl(element: ControlElement): void {
    for (const channel of this.channels) {
      channel.writeControl(element);
    }
  }

  flush(): void {
    for (const channel of this.channels) {
      channel.flush();
    }
  }
}
