import { layoutSubtasks, vertexOf } from '../../shared/graph/execution-layout.ts';
import type { JobEdge, JobGraph } from '../../shared/graph/job-graph.ts';
import type { SubtaskIndex, VertexId } from '../../shared/ids.ts';
import { required } from '../../shared/invariant.ts';
import type { ExchangeLimits } from './exchange-limits.ts';

/**
 * The channels of a job as numbers, sizes and places: the same in every process, from the job graph and the limits alone.
 *
 * I1  Channels are numbered from 0: edge by edge, within an edge producer by producer, within a producer consumer by consumer.
 * I2  Both ends of a channel derive the same frame size, credits and rule at barriers.
 */
export interface PlannedChannel {
  readonly number: number;
  readonly edge: JobEdge;
  readonly producer: SubtaskIndex;
  readonly consumer: SubtaskIndex;
  readonly producerSlot: number;
  readonly consumerSlot: number;
  readonly sizing: ChannelSizing;
}

export interface ChannelSizing {
  /** A frame's size with its heads. */
  readonly frameBytes: number;
  readonly creditsMax: number;
  /** The producer waits behind every barrier, since the consumer has other channels to align it with. */
  readonly waitsAtBarrier: boolean;
}

/** What the frames of one producer's edge may take: three per consumer (one filling, two queued) within this. */
const OUTPUT_BYTES_TARGET = 4 * 1024 * 1024;
const FRAMES_PER_OUTPUT_CHANNEL = 3;
/** What unread frames of one consumer may take. */
const GATE_BYTES_TARGET = 16 * 1024 * 1024;
/** Below this, heads and calls cost more than the records. */
const FRAME_BYTES_MIN = 4 * 1024;
/** One frame under way while the other is read. */
const CREDITS_MIN = 2;

/** The channels with an end in `slot`, in the order of their numbers. */
export function planChannels(graph: JobGraph, slot: number, limits: ExchangeLimits): readonly PlannedChannel[] {
  const slots = slotsOf(graph);
  const planned: PlannedChannel[] = [];
  let base = 0;
  for (const edge of graph.edges) {
    const from = required(slots.get(edge.from), `subtasks of ${edge.from}`);
    const to = required(slots.get(edge.to), `subtasks of ${edge.to}`);
    const sizing = sizingOf(graph, edge, limits);
    for (const { producer, consumer, offset } of pairsOf(edge, from, to)) {
      if (producer.slot === slot || consumer.slot === slot) {
        planned.push({
          number: base + offset,
          edge,
          producer: producer.subtask,
          consumer: consumer.subtask,
          producerSlot: producer.slot,
          consumerSlot: consumer.slot,
          sizing,
        });
      }
    }
    base += edge.edge.partitioning.kind === 'forward' ? from.length : from.length * to.length;
  }
  return planned;
}

function* pairsOf(
  edge: JobEdge,
  from: readonly PlacedSubtask[],
  to: readonly PlacedSubtask[],
): Generator<{ producer: PlacedSubtask; consumer: PlacedSubtask; offset: number }> {
  if (edge.edge.partitioning.kind === 'forward') {
    for (const producer of from) {
      const consumer = required(to[producer.subtask], `subtask ${producer.subtask} of ${edge.to}`);
      yield { producer, consumer, offset: producer.subtask };
    }
    return;
  }
  for (const producer of from) {
    for (const consumer of to) {
      yield { producer, consumer, offset: producer.subtask * to.length + consumer.subtask };
    }
  }
}

export function sizingOf(graph: JobGraph, edge: JobEdge, limits: ExchangeLimits): ChannelSizing {
  const fanOut = edge.edge.partitioning.kind === 'forward' ? 1 : vertexOf(graph, edge.to).parallelism;
  const fanIn = graph.edges
    .filter((other) => other.to === edge.to)
    .reduce((sum, other) => sum + channelsPerConsumer(graph, other), 0);
  const perFrame = powerOfTwoBelow(OUTPUT_BYTES_TARGET / (FRAMES_PER_OUTPUT_CHANNEL * fanOut));
  const frameBytes = Math.min(limits.frameBytes, Math.max(FRAME_BYTES_MIN, perFrame));
  const credits = Math.max(CREDITS_MIN, Math.floor(GATE_BYTES_TARGET / (fanIn * frameBytes)));
  return { frameBytes, creditsMax: Math.min(limits.creditsMax, credits), waitsAtBarrier: fanIn > 1 };
}

function channelsPerConsumer(graph: JobGraph, edge: JobEdge): number {
  return edge.edge.partitioning.kind === 'forward' ? 1 : vertexOf(graph, edge.from).parallelism;
}

interface PlacedSubtask {
  readonly subtask: SubtaskIndex;
  readonly slot: number;
}

/** By vertex, its subtasks in order. */
function slotsOf(graph: JobGraph): ReadonlyMap<VertexId, readonly PlacedSubtask[]> {
  const slots = new Map<VertexId, PlacedSubtask[]>();
  for (const { vertex, subtask, slot } of layoutSubtasks(graph)) {
    const placed = slots.get(vertex) ?? [];
    placed.push({ subtask, slot });
    slots.set(vertex, placed);
  }
  return slots;
}

function powerOfTwoBelow(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}
