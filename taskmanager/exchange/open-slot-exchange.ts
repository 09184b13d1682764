import { classifyUnknown, StreamError } from '../../shared/failure/failure.ts';
import type { Failure } from '../../shared/failure/failure.ts';
import type { SubtaskIndex, VertexId } from '../../shared/ids.ts';
import { required, unreachable } from '../../shared/invariant.ts';
import type { ArrivingFrame } from '../input/channel-input.ts';
import { LATER, WHOLE } from '../input/channel-input.ts';
import { malformed } from '../input/element-codec.ts';
import type { InputGate } from '../input/input-gate.ts';
import { buildChannels } from './build-channels.ts';
import type { ConsumerEnd, ProducerEnd, SlotChannels } from './build-channels.ts';
import type { EdgeOutput } from './edge-output.ts';
import { bodyOf, readFrames, readPacketHead } from './frame-codec.ts';
import type { FrameHead } from './frame-codec.ts';
import type { PacketPort } from './packet-port.ts';
import type { SlotExchange, SlotExchangeOptions } from './slot-exchange.ts';
import { SlotLinks } from './slot-links.ts';
import { UnsentFrames } from './unsent-frames.ts';

/** Opens the exchange of one slot: builds its channels from the job graph and begins to listen on its ports. */
export function openSlotExchange(options: SlotExchangeOptions): SlotExchange {
  const exchange = new PortSlotExchange(options);
  exchange.listen();
  return exchange;
}

class PortSlotExchange implements SlotExchange {
  readonly #options: SlotExchangeOptions;
  readonly #links: SlotLinks;
  readonly #unsent = new UnsentFrames();
  readonly #channels: SlotChannels;
  #isOver = false;

  constructor(options: SlotExchangeOptions) {
    this.#options = options;
    this.#links = new SlotLinks(options);
    this.#channels = buildChannels({ exchange: options, links: this.#links, unsent: this.#unsent });
  }

  get isDrained(): boolean {
    for (const { writer } of this.#channels.producers.values()) {
      if (!writer.isDrained) {
        return false;
      }
    }
    return true;
  }

  outputsOf(vertex: VertexId, subtask: SubtaskIndex, nodeUid: string, output: string): readonly EdgeOutput[] {
    return this.#channels.outputsOf(vertex, subtask, nodeUid, output);
  }

  gateOf(vertex: VertexId, subtask: SubtaskIndex): InputGate | undefined {
    return this.#channels.gateOf(vertex, subtask);
  }

  flush(): void {
    this.#unsent.flushWrittenBefore(Infinity);
  }

  flushWrittenBefore(monotonicMs: number): void {
    this.#unsent.flushWrittenBefore(monotonicMs);
  }

  close(): void {
    this.#isOver = true;
    this.#links.close();
  }

  listen(): void {
    const { router, peers } = this.#options.ports;
    this.#listenOn(router, () => {
      this.#fail({
        code: 'exchange-closed',
        reaction: 'restart-job',
        message: 'The process closed the slot’s exchange.',
      });
    });
    // The end of another thread is told by the process, through the router, once the reason is known there.
    for (const port of peers.values()) {
      this.#listenOn(port, () => undefined);
    }
  }

  #listenOn(port: PacketPort, onClose: () => void): void {
    port.listen({
      onClose,
      onPacket: (packet) => {
        this.#onPacket(packet);
      },
    });
  }

  #onPacket(packet: Buffer): void {
    if (this.#isOver) {
      return;
    }
    try {
      const { kind, sourceSlot } = readPacketHead(packet);
      if (kind === 'slot-gone') {
        this.#onSlotGone(sourceSlot, bodyOf(packet).toString('utf8'));
      } else if (kind === 'frames') {
        readFrames(packet, (head, payload) => {
          this.#onFrame(sourceSlot, head, payload);
        });
      } else {
        throw malformed(`a packet of kind ${kind} in a slot`);
      }
    } catch (error) {
      this.#fail(classifyUnknown(error, `exchange of slot ${this.#options.slot}`));
    }
    this.#options.onWake();
  }

  #onFrame(sourceSlot: number, head: FrameHead, payload: Buffer): void {
    const { channel, seq, value } = head;
    switch (head.kind) {
      case 'data':
      case 'control': {
        const end = required(this.#channels.consumers.get(channel), `the consumer's end of channel ${channel}`);
        checkSource(end, sourceSlot);
        end.input.receive(arriving(head, payload));
        end.gate.onArrival(end.gateChannel);
        return;
      }
      case 'credit':
      case 'resume': {
        const end = required(this.#channels.producers.get(channel), `the producer's end of channel ${channel}`);
        checkSource(end, sourceSlot);
        end.writer.onFeedback(
          head.kind === 'credit' ? { kind: 'credit', seq, credits: value } : { kind: 'resume', seq, barrierSeq: value },
        );
        return;
      }
      default:
        unreachable(head.kind);
    }
  }

  /** A slot that ends after its channels did is no failure: what it had posted comes first. */
  #onSlotGone(slot: number, reason: string): void {
    this.#options.ports.peers.get(slot)?.drain();
    for (const { peerSlot, input } of this.#channels.consumers.values()) {
      if (peerSlot === slot && !input.hasEndArrived) {
        this.#fail(peerLost(input.name, slot, reason));
        return;
      }
    }
    for (const { peerSlot, writer } of this.#channels.producers.values()) {
      if (peerSlot === slot && !writer.hasEndLeft) {
        this.#fail(peerLost(writer.name, slot, reason));
        return;
      }
    }
  }

  #fail(failure: Failure): void {
    if (!this.#isOver) {
      this.#isOver = true;
      this.#options.onFailure(failure);
      this.#options.onWake();
    }
  }
}

function arriving(head: FrameHead, payload: Buffer): ArrivingFrame {
  const { seq, value: recordBytes } = head;
  if (head.kind === 'control') {
    return { kind: 'control', seq, payload };
  }
  switch (head.part) {
    case 'whole':
      return { kind: 'data', seq, payload, part: WHOLE };
    case 'later':
      return { kind: 'data', seq, payload, part: LATER };
    case 'first':
      return { kind: 'data', seq, payload, part: { kind: 'first', recordBytes } };
    default:
      return unreachable(head.part);
  }
}

function checkSource(end: ConsumerEnd | ProducerEnd, sourceSlot: number): void {
  if (end.peerSlot !== sourceSlot) {
    throw new StreamError({
      code: 'exchange-malformed',
      reaction: 'restart-job',
      message: `A frame of a channel with slot ${end.peerSlot} came from slot ${sourceSlot}: the two plans differ.`,
      remedy: 'Check that all task managers run the same version of the job and of this software.',
    });
  }
}

function peerLost(channel: string, slot: number, reason: string): Failure {
  return {
    code: 'exchange-peer-lost',
    reaction: 'restart-job',
    message: `Channel ${channel}: slot ${slot} of the job is gone before the channel ended${reason === '' ? '' : `: ${reason}`}.`,
  };
}
