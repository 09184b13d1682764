import type { SlotPlace } from '../../shared/control/messages.ts';
import type { JobGraph } from '../../shared/graph/job-graph.ts';
import type { Partitioning } from '../../shared/graph/logical-graph.ts';
import { MAIN_OUTPUT } from '../../shared/graph/logical-graph.ts';
import { parseSlotIndex, parseTaskManagerId, parseVertexId } from '../../shared/ids.ts';
import type { Serializer } from '../../shared/serialization/serializer.ts';
import { stringSerializer } from '../../shared/serialization/serializer.ts';
import type { ControlElement } from '../../shared/stream-element.ts';
import type { ElementConsumer } from '../input/input-gate.ts';

/** What tests of the exchange need of a job: vertices without operators, and the edges between them. */
export interface TestEdge {
  readonly from: string;
  readonly to: string;
  readonly partitioning: Partitioning;
  readonly input?: 0 | 1;
  readonly serializer?: Serializer<unknown>;
}

export function testGraph(
  vertices: Readonly<Record<string, number>>,
  edges: readonly TestEdge[],
  groups: Readonly<Record<string, string>> = {},
): JobGraph {
  return {
    jobName: 'test',
    maxParallelism: 128,
    vertices: Object.entries(vertices).map(([id, parallelism]) => ({
      id: parseVertexId(id),
      parallelism,
      slotSharingGroup: groups[id] ?? 'default',
      nodes: [],
      chained: [],
    })),
    edges: edges.map(({ from, to, partitioning, input, serializer }, index) => ({
      index,
      from: parseVertexId(from),
      to: parseVertexId(to),
      edge: { from, output: MAIN_OUTPUT, to, input: input ?? 0, partitioning, serializer },
    })),
  };
}

/** Slot i on task manager `names[i]`. */
export function testPlaces(names: readonly string[], addresses: Readonly<Record<string, string>> = {}): SlotPlace[] {
  return names.map((name, slot) => ({
    slot,
    taskManager: parseTaskManagerId(name),
    slotIndex: parseSlotIndex(names.slice(0, slot).filter((other) => other === name).length),
    dataAddress: addresses[name] ?? '',
  }));
}

export const textSerializer: Serializer<unknown> = {
  id: 'text/1',
  encode: (value) => stringSerializer.encode(String(value)),
  decode: (bytes) => stringSerializer.decode(bytes),
};

export type HandedOver =
  | {
      readonly channel: number;
      readonly value: unknown;
      readonly timestampMs: number | undefined;
      readonly key: string | undefined;
    }
  | { readonly channel: number; readonly control: ControlElement };

/** Keeps what a gate hands over. */
export class CollectingConsumer implements ElementConsumer {
  readonly elements: HandedOver[] = [];
  /** Says stop from so many elements on. */
  stopAt = Infinity;
  onControl: (channel: number, element: ControlElement) => void = () => undefined;

  record(channel: number, value: unknown, timestampMs: number | undefined, key: string | undefined): boolean {
    this.elements.push({ channel, value, timestampMs, key });
    return this.elements.length < this.stopAt;
  }

  control(channel: number, control: ControlElement): void {
    this.elements.push({ channel, control });
    this.onControl(channel, control);
  }
}
