import { required } from '../../shared/invariant.ts';
import type { ChannelInput } from './channel-input.ts';
import type { ElementConsumer, InputGate } from './input-gate.ts';

/** A channel gives way to the next one with input after so many elements, or at the end of its frame. */
const FAIR_ELEMENTS = 128;

/** The gate over channels that receive frames. Channels with input stand in a queue and take turns. */
export class FrameGate implements InputGate {
  readonly #channels: readonly ChannelInput[];
  readonly #isReady: boolean[];
  #ready: number[] = [];

  constructor(channels: readonly ChannelInput[]) {
    this.#channels = channels;
    this.#isReady = channels.map(() => false);
  }

  get channelCount(): number {
    return this.#channels.length;
  }

  get hasInput(): boolean {
    return this.#ready.length > 0;
  }

  get bytesReceived(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.bytesReceived, 0);
  }

  get queuedFrames(): number {
    return this.#channels.reduce((sum, channel) => sum + channel.queuedFrames, 0);
  }

  inputOf(channel: number): 0 | 1 {
    return this.#channel(channel).input;
  }

  producerOf(channel: number): string {
    return this.#channel(channel).producer;
  }

  /** A frame was put into the channel. */
  onArrival(channel: number): void {
    if (!(this.#isReady[channel] ?? true) && this.#channel(channel).hasInput) {
      this.#isReady[channel] = true;
      this.#ready.push(channel);
    }
  }

  poll(elementsMax: number, consumer: ElementConsumer): number {
    let taken = 0;
    while (taken < elementsMax) {
      const index = this.#ready.shift();
      if (index === undefined) {
        break;
      }
      this.#isReady[index] = false;
      const channel = this.#channel(index);
      taken += channel.read(Math.min(elementsMax - taken, FAIR_ELEMENTS), consumer);
      this.onArrival(index);
      channel.sendDueCredits();
      if (channel.hasStopped) {
        break;
      }
    }
    return taken;
  }

  block(channel: number): void {
    this.#channel(channel).isBlocked = true;
    this.#isReady[channel] = false;
    this.#ready = this.#ready.filter((ready) => ready !== channel);
  }

  resume(channel: number): void {
    this.#channel(channel).resume();
    this.onArrival(channel);
  }

  #channel(index: number): ChannelInput {
    return required(this.#channels[index], `channel ${index} of the gate`);
  }
}
