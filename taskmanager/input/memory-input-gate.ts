import { required } from '../../shared/invariant.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import type { ElementConsumer, InputGate } from './input-gate.ts';

type GateElement =
  | {
      readonly kind: 'record';
      readonly value: unknown;
      readonly timestampMs: number | undefined;
      readonly key: string | undefined;
    }
  | { readonly kind: 'control'; readonly element: ControlElement };

/** A gate whose elements are put in by hand, without frames: the twin of `FrameGate`. Channels take turns, an element each. */
export class MemoryInputGate implements InputGate {
  readonly bytesReceived = 0;
  readonly queuedFrames = 0;
  readonly #queues: GateElement[][];
  readonly #inputs: readonly (0 | 1)[];
  readonly #blocked = new Set<number>();
  #next = 0;

  /** `inputs`: which of the operator's inputs each channel belongs to; 0 where nothing is said. */
  constructor(channelCount = 1, inputs: readonly (0 | 1)[] = []) {
    this.#inputs = inputs;
    this.#queues = Array.from({ length: channelCount }, () => []);
  }

  get channelCount(): number {
    return this.#queues.length;
  }

  inputOf(channel: number): 0 | 1 {
    return this.#inputs[channel] ?? 0;
  }

  producerOf(channel: number): string {
    return `producer#${channel}`;
  }

  get hasInput(): boolean {
    return this.#queues.some((queue, channel) => queue.length > 0 && !this.#blocked.has(channel));
  }

  put(element: GateElement, channel = 0): void {
    required(this.#queues[channel], 'a channel of the gate').push(element);
  }

  poll(elementsMax: number, consumer: ElementConsumer): number {
    let taken = 0;
    let goesOn = true;
    while (taken < elementsMax && goesOn && this.hasInput) {
      const channel = this.#next;
      this.#next = (this.#next + 1) % this.#queues.length;
      const element = this.#blocked.has(channel) ? undefined : this.#queues[channel]?.shift();
      if (element === undefined) {
        continue;
      }
      taken += 1;
      if (element.kind === 'record') {
        goesOn = consumer.record(channel, element.value, element.timestampMs, element.key);
      } else {
        consumer.control(channel, element.element);
      }
    }
    return taken;
  }

  block(channel: number): void {
    this.#blocked.add(channel);
  }

  resume(channel: number): void {
    this.#blocked.delete(channel);
  }
}
