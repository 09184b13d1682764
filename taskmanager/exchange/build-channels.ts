import type { SubtaskIndex, VertexId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import { defaultSerializer } from '../../shared/serialization/default-serializer.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import { ChannelInput } from '../input/channel-input.ts';
import type { ArrivingFrame, ChannelFeedback } from '../input/channel-input.ts';
import { FrameGate } from '../input/frame-gate.ts';
import { planChannels } from './channel-plan.ts';
import type { PlannedChannel } from './channel-plan.ts';
import { EdgeWriter, FullChannels } from './edge-writer.ts';
import type { FrameLink } from './frame-link.ts';
import { FramePool } from './frame-pool.ts';
import { FrameWriter } from './frame-writer.ts';
import { LocalFeedback, LocalLink } from './local-link.ts';
import { makePartitioner } from './partitioner.ts';
import type { SlotExchangeOptions } from './slot-exchange.ts';
import type { SlotLinks } from './slot-links.ts';
import type { UnsentFrames } from './unsent-frames.ts';

export interface ConsumerEnd {
  readonly peerSlot: number;
  readonly input: ChannelInput;
  readonly gate: FrameGate;
  readonly gateChannel: number;
}

export interface ProducerEnd {
  readonly peerSlot: number;
  readonly writer: FrameWriter;
}

/** All channels with an end in one slot, and the gates and outputs they make up. */
export interface SlotChannels {
  /** By channel number. */
  readonly consumers: ReadonlyMap<number, ConsumerEnd>;
  readonly producers: ReadonlyMap<number, ProducerEnd>;
  gateOf(vertex: VertexId, subtask: SubtaskIndex): FrameGate | undefined;
  outputsOf(vertex: VertexId, subtask: SubtaskIndex, nodeUid: string, output: string): readonly EdgeWriter[];
}

export interface BuildOptions {
  readonly exchange: SlotExchangeOptions;
  readonly links: SlotLinks;
  readonly unsent: UnsentFrames;
}

export function buildChannels(build: BuildOptions): SlotChannels {
  const { graph, slot, limits } = build.exchange;
  const planned = planChannels(graph, slot, limits);
  const { consumers, gates, localFeedbacks } = buildConsumers(build, planned);
  const { producers, outputs } = buildProducers(build, planned, consumers);
  for (const [channel, feedback] of localFeedbacks) {
    const { writer } = required(producers.get(channel), `the producer's end of channel ${channel}`);
    feedback.connect((message) => {
      writer.onFeedback(message);
    });
  }
  return {
    consumers,
    producers,
    gateOf: (vertex, subtask) => gates.get(subtaskName(vertex, subtask)),
    outputsOf: (vertex, subtask, nodeUid, output) => outputs.get(outputName(vertex, subtask, nodeUid, output)) ?? [],
  };
}

interface BuiltConsumers {
  readonly consumers: ReadonlyMap<number, ConsumerEnd>;
  readonly gates: ReadonlyMap<string, FrameGate>;
  readonly localFeedbacks: ReadonlyMap<number, LocalFeedback>;
}

function buildConsumers(build: BuildOptions, planned: readonly PlannedChannel[]): BuiltConsumers {
  const { slot } = build.exchange;
  const consumers = new Map<number, ConsumerEnd>();
  const gates = new Map<string, FrameGate>();
  const localFeedbacks = new Map<number, LocalFeedback>();
  const arriving = planned.filter((channel) => channel.consumerSlot === slot);
  const bySubtask = Map.groupBy(arriving, ({ edge, consumer }) => subtaskName(edge.to, consumer));
  for (const [name, channels] of bySubtask) {
    const inputs = channels.map((channel, gateChannel) => {
      let feedback: ChannelFeedback;
      if (channel.producerSlot === slot) {
        const local = new LocalFeedback();
        localFeedbacks.set(channel.number, local);
        feedback = local;
      } else {
        feedback = build.links.linkTo(channel.producerSlot).feedback(channel.number);
      }
      return makeInput(build, channel, gateChannel, feedback);
    });
    const gate = new FrameGate(inputs);
    gates.set(name, gate);
    channels.forEach((channel, gateChannel) => {
      const input = required(inputs[gateChannel], `input ${gateChannel} of ${name}`);
      consumers.set(channel.number, { peerSlot: channel.producerSlot, input, gate, gateChannel });
    });
  }
  return { consumers, gates, localFeedbacks };
}

function makeInput(
  build: BuildOptions,
  channel: PlannedChannel,
  gateChannel: number,
  feedback: ChannelFeedback,
): ChannelInput {
  return new ChannelInput({
    channel: gateChannel,
    input: channel.edge.edge.input,
    name: channelName(channel),
    producer: producerName(channel),
    serializer: serializerOf(channel),
    creditsMax: channel.sizing.creditsMax,
    recordBytesMax: build.exchange.limits.recordBytesMax,
    waitsAtBarrier: channel.sizing.waitsAtBarrier,
    feedback,
  });
}

interface BuiltProducers {
  readonly producers: ReadonlyMap<number, ProducerEnd>;
  readonly outputs: ReadonlyMap<string, readonly EdgeWriter[]>;
}

function buildProducers(
  build: BuildOptions,
  planned: readonly PlannedChannel[],
  consumers: ReadonlyMap<number, ConsumerEnd>,
): BuiltProducers {
  const { slot, graph } = build.exchange;
  const pool = new FramePool();
  const producers = new Map<number, ProducerEnd>();
  const outputs = new Map<string, EdgeWriter[]>();
  const leaving = planned.filter((channel) => channel.producerSlot === slot);
  const byEdge = Map.groupBy(leaving, ({ edge, producer }) => `${edge.index}/${producer}`);
  for (const channels of byEdge.values()) {
    const first = required(channels[0], 'a channel of the edge');
    const full = new FullChannels();
    const writers = channels.map((channel) => {
      const writer = makeWriter(build, channel, { full, pool, link: linkOf(build, channel, consumers) });
      producers.set(channel.number, { peerSlot: channel.consumerSlot, writer });
      return writer;
    });
    const { edge, producer } = first;
    const partitioner = makePartitioner({
      partitioning: edge.edge.partitioning,
      producer,
      channelCount: writers.length,
      maxParallelism: graph.maxParallelism,
    });
    const writer = new EdgeWriter({
      edge: edge.index,
      channels: writers,
      partitioner,
      serializer: serializerOf(first),
      full,
    });
    const name = outputName(edge.from, producer, edge.edge.from, edge.edge.output);
    outputs.set(name, [...(outputs.get(name) ?? []), writer]);
  }
  return { producers, outputs };
}

function makeWriter(
  build: BuildOptions,
  channel: PlannedChannel,
  shared: { readonly full: FullChannels; readonly pool: FramePool; readonly link: FrameLink },
): FrameWriter {
  const { limits, clock } = build.exchange;
  return new FrameWriter({
    name: channelName(channel),
    serializer: serializerOf(channel),
    frameBytes: channel.sizing.frameBytes,
    creditsMax: channel.sizing.creditsMax,
    queuedFramesMax: limits.queuedFramesMax,
    recordBytesMax: limits.recordBytesMax,
    overdraftBytesMax: limits.overdraftBytesMax,
    waitsAtBarrier: channel.sizing.waitsAtBarrier,
    link: shared.link,
    pool: shared.pool,
    unsent: build.unsent,
    clock,
    onWritable: shared.full.onWritable,
  });
}

function linkOf(build: BuildOptions, channel: PlannedChannel, consumers: ReadonlyMap<number, ConsumerEnd>): FrameLink {
  if (channel.consumerSlot !== build.exchange.slot) {
    return build.links.linkTo(channel.consumerSlot).frames(channel.number);
  }
  const { input, gate, gateChannel } = required(
    consumers.get(channel.number),
    `the consumer's end of ${channel.number}`,
  );
  const { onWake } = build.exchange;
  return new LocalLink((frame: ArrivingFrame) => {
    input.receive(frame);
    gate.onArrival(gateChannel);
    onWake();
  });
}

function serializerOf(channel: PlannedChannel): Serializer<unknown> {
  return channel.edge.edge.serializer ?? defaultSerializer;
}

function channelName(channel: PlannedChannel): string {
  return `${producerName(channel)} → ${channel.edge.to}#${channel.consumer}`;
}

function producerName({ edge, producer }: PlannedChannel): string {
  return `${edge.from}#${producer}`;
}

function subtaskName(vertex: VertexId, subtask: SubtaskIndex): string {
  return `${vertex}#${subtask}`;
}

function outputName(vertex: VertexId, subtask: SubtaskIndex, nodeUid: string, output: string): string {
  return `${subtaskName(vertex, subtask)}/${nodeUid}/${output}`;
}
